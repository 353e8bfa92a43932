import type { Bench, Measurement } from "../lib/bench.js";
import { type Bounds, type Figure, toFigure } from "../lib/figure.js";
import { interleave, summary } from "../lib/sides.js";
import { median, pairedRatio } from "../lib/statistics.js";
import { Tidewire } from "../lib/tidewire.js";
import { Audience, NO_LEASES } from "./audience.js";

const BURST = 10;
const METHOD =
  "1 publisher, 1,000 subscribers of one topic; a burst is sent when all subscribers have the last but one; every event is checked at every subscriber; the client reads all sides alike";

/** What is compared: events of a burst, beside whom, and how good it must be. */
interface Comparison {
  readonly name: string;
  readonly burst: number;
  readonly peer: "ws" | "socketio";
  readonly against: string;
  readonly bounds: Bounds;
}

/** Events that come together, against one send a client and event. */
export const bursts = compare("1,000 subscribers, bursts of 10 events, against a plain ws.send loop", {
  name: "bursts",
  burst: BURST,
  peer: "ws",
  against: "for each event of the same bytes one ws.send to each client",
  bounds: { judged: "ratio", better: "higher", must: 5, aim: 10 },
});

/** One event at a time: one write a subscriber, whoever does it. */
export const single = compare("1,000 subscribers, single events, against a plain ws.send loop", {
  name: "single",
  burst: 1,
  peer: "ws",
  against: "for each event of the same bytes one ws.send to each client",
  bounds: { judged: "ratio", better: "higher", must: 0.85, aim: 1 },
});

/** The same bursts, against the library that most people take. */
export const socketio = compare("1,000 subscribers, bursts of 10 events, against a Socket.IO room", {
  name: "socketio",
  burst: BURST,
  peer: "socketio",
  against: "io.to(room).emit of the same bytes as a Buffer, Socket.IO 4 over WebSocket with its own parser",
  bounds: { judged: "ratio", better: "higher", must: 5, aim: 10 },
});

function compare(title: string, comparison: Comparison): Measurement {
  return { name: comparison.name, title, run: (bench) => run(bench, comparison) };
}

async function run(bench: Bench, { name, burst, peer, against, bounds }: Comparison): Promise<Record<string, Figure>> {
  const server = await Tidewire.start({ models: [], flags: NO_LEASES });
  try {
    const { runMs, rounds } = bench.scale;
    const ours = await Audience.ofTidewire(bench, server);
    const theirs = await Audience.ofPeer(bench, peer);
    const sides = { tidewire: ours.bursts(burst, runMs), [peer]: theirs.bursts(burst, runMs) };
    for (const side of Object.values(sides)) await side(); // warm
    const figures = await interleave(sides, rounds, bench.say);
    const [measured, beside] = [figures.tidewire as number[], figures[peer] as number[]];
    return {
      [name]: toFigure(
        {
          measured: median(measured),
          peer: median(beside),
          ratio: pairedRatio(measured, beside),
          unit: "deliveries/s",
          method: `${METHOD}; peer: ${against}`,
          details: { ...ours.details, peer: theirs.details, rounds: summary(figures) },
        },
        bounds,
      ),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
