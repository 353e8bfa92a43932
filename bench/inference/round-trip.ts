import { availableParallelism } from "node:os";
import type { RoundTripOptions, RoundTripResult } from "../client/round-trip.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, toFigure } from "../lib/figure.js";
import { Program } from "../lib/program.js";
import { median, pairedRatio, rounded, spread } from "../lib/statistics.js";
import { graphOf, Tidewire } from "../lib/tidewire.js";

const MODEL = "small";
const TURNS = 8;
const TRIPS = 400;

/** Time of one request against an echo and a run of the model, one after the other. */
export const roundTrip: Measurement = {
  name: "roundtrip",
  title: "small model, one in flight, against a bare ws echo followed by a bare session.run",
  run,
};

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [MODEL] });
  const spinners = await Promise.all(
    Array.from({ length: availableParallelism() }, () => Program.start("programs/spinner")),
  );
  try {
    const client = await bench.client;
    const { isQuick, rounds } = bench.scale;
    const options: RoundTripOptions = {
      port: server.port,
      echoPort: await bench.echoPort(),
      model: MODEL,
      graph: graphOf(MODEL),
      turns: isQuick ? 2 : TURNS,
      trips: isQuick ? 50 : TRIPS,
    };
    const results: RoundTripResult[] = [];
    while (results.length < rounds.least || (results.length < rounds.most && !agree(results, rounds.tolerance))) {
      const result = await client.call<RoundTripResult>("roundTrip", options);
      results.push(result);
      bench.say(`round ${results.length}: ${us(result.ours.p50)}, echo then run ${us(result.echoThenRun.p50)}`);
    }
    return { roundtrip: toRoundTrip(results) };
  } finally {
    for (const program of [server, ...spinners]) await program[Symbol.asyncDispose]();
  }
}

function agree(results: readonly RoundTripResult[], tolerance: number): boolean {
  const sides = [results.map((one) => one.ours.p50), results.map((one) => one.echoThenRun.p50)];
  return sides.every((p50s) => spread(p50s) <= tolerance);
}

function toRoundTrip(results: readonly RoundTripResult[]): Figure {
  const ours = results.flatMap((one) => one.ours.p50ByTurn);
  const peer = results.flatMap((one) => one.echoThenRun.p50ByTurn);
  const echo = results.flatMap((one) => one.echo.p50ByTurn);
  return toFigure(
    {
      measured: median(ours),
      peer: median(peer),
      ratio: pairedRatio(ours, peer),
      unit: "µs, p50",
      method:
        "one connection, one in flight, metadata on, cores kept awake by a spinner each at nice 19; peer: echo, then one session.run, chained in the client; turns of 400 in one process, the ratio is the median over pairs of turns",
      details: {
        p99_us: rounded(median(results.map((one) => one.ours.p99))),
        peer_p99_us: rounded(median(results.map((one) => one.echoThenRun.p99))),
        echo_alone_p50_us: rounded(median(echo)),
        rounds: results.length,
        answers_compared: results.reduce((sum, one) => sum + one.checked, 0),
      },
    },
    { judged: "ratio", better: "lower", must: 1.3, aim: 1 },
  );
}

const us = (value: number): string => `${value.toFixed(1)} µs`;
