import type { IngestOptions, IngestResult } from "../client/ingest.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { interleave, type Side, summary } from "../lib/sides.js";
import { median, pairedRatio } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";

export const TOPIC = "training.run";
export const IN_FLIGHT = 4096;
/** Batches that the bare log has on their way in the side that is not judged. */
const PIPELINED = 8;
const METHOD =
  "log lines of some 140 bytes over one binary connection, 4,096 not acknowledged, each acknowledged once it is flushed; every acknowledgement is checked";

/** Durable lines a second, against the log alone. */
export const lines: Measurement = {
  name: "lines",
  title: "durable log lines over one connection, 4,096 in flight, against a bare LMDB append of the same bytes",
  run,
};

/** Lines of the server; counts what they cost it. */
export class ServerIngest {
  readonly #bench: Bench;
  readonly #server: Tidewire;
  readonly #cpuUs: number[] = [];
  #runs = 0;
  #lines = 0;

  constructor(bench: Bench, server: Tidewire) {
    this.#bench = bench;
    this.#server = server;
  }

  readonly run: Side = async () => {
    this.#runs += 1;
    const options: IngestOptions = {
      port: this.#server.port,
      topics: [`${TOPIC}_${this.#runs}`],
      inFlight: IN_FLIGHT,
      until: { ms: this.#bench.scale.runMs },
    };
    const before = await this.#server.cpuUs();
    const { perSecond, lines: kept } = await (await this.#bench.client).call<IngestResult>("ingest", options);
    this.#cpuUs.push(((await this.#server.cpuUs()) - before) / kept);
    this.#lines += kept;
    return perSecond;
  };

  /** Processor time of the server's process, all threads, for one line; and how many acknowledgements were checked. */
  get details(): Record<string, number> {
    return {
      server_cpu_us_per_line: Number(median(this.#cpuUs).toPrecision(3)),
      acknowledgements_checked: this.#lines,
    };
  }
}

/** Bare appends. @param batches how many of them are on their way, which hold {@link IN_FLIGHT} lines in all */
export function bareAppend(bench: Bench, batches: number): Side {
  const options = { topic: TOPIC, inFlight: IN_FLIGHT, batch: IN_FLIGHT / batches, ms: bench.scale.runMs };
  return async () => (await bench.append).call("append", options);
}

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [] });
  try {
    const ours = new ServerIngest(bench, server);
    const sides = { tidewire: ours.run, lmdb: bareAppend(bench, 1), lmdb_pipelined: bareAppend(bench, PIPELINED) };
    for (const side of Object.values(sides)) await side(); // warm
    const figures = await interleave(sides, bench.scale.rounds, bench.say);
    const details = { ...ours.details, rounds: summary(figures) };
    const measured = median(figures.tidewire);
    const beside = (peer: number[]) => ({ measured, peer: median(peer), ratio: pairedRatio(figures.tidewire, peer) });
    const peer = "peer: LMDB alone in its own process, the same bytes, no server";
    const inTurns = `${METHOD}; ${peer}: 4,096 lines put in one turn, flushed, then the next`;
    const pipelined = `${METHOD}; ${peer}: 8 batches of 512 lines on their way`;
    const unit = "lines/s";
    return {
      lines: toFigure(
        { ...beside(figures.lmdb), unit, method: inTurns, details },
        { judged: "ratio", better: "higher", must: 0.3, aim: 0.6 },
      ),
      lines_a_second: toFigure(
        { measured, unit, method: METHOD, details: {} },
        { judged: "measured", better: "higher", must: 100_000, aim: 300_000 },
      ),
      lines_beside_pipelined: toFigure(
        { ...beside(figures.lmdb_pipelined), unit, method: pipelined, details: {} },
        SHOWN,
      ),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
