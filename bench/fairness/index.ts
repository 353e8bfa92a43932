import { FLOODS } from "../client/pour.js";
import type { Measurement } from "../lib/bench.js";
import { beside } from "./beside.js";

/** What a client without manners does to everybody else: a measurement for each kind of flood. */
export const fairness: readonly Measurement[] = FLOODS.map(beside);
