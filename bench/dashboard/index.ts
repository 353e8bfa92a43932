import type { Measurement } from "../lib/bench.js";
import { frames } from "./frames.js";
import { heap } from "./heap.js";

/** How smooth the dashboard stays, in a Chromium. */
export const dashboard: readonly Measurement[] = [frames, heap];
