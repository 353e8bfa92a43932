import type { Measurement } from "../lib/bench.js";
import { watching } from "./watching.js";

/** What it costs to look at the host. */
export const stats: readonly Measurement[] = [watching];
