// All parts, in the order in which they run.
import { fuzz } from "./fuzz/index.js";
import type { Part } from "./lib/part.js";

export const PARTS: readonly Part[] = [fuzz];
