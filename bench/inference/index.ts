import type { Measurement } from "../lib/bench.js";
import { badFrames } from "./bad-frames.js";
import { connections } from "./connections.js";
import { cost } from "./cost.js";
import { heavy } from "./heavy.js";
import { loopDelay } from "./loop-delay.js";
import { pipelined } from "./pipelined.js";
import { profile } from "./profile.js";
import { roundTrip } from "./round-trip.js";
import { start } from "./start.js";

/** What the first users ask: how fast, how soon, and what it costs. */
export const inference: readonly Measurement[] = [
  pipelined,
  roundTrip,
  heavy,
  loopDelay,
  connections,
  start,
  cost,
  badFrames,
  profile,
];
