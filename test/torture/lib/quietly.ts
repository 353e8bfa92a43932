// What a part is given where it runs as a test: a fixed seed, and nobody who looks.
import type { Context } from "./part.js";
import { Random } from "./random.js";

/** A context for the test suite. */
export function quietly(seed: number, name: string): Context {
  return {
    random: new Random(seed, name),
    isLong: false,
    minutes: undefined,
    signal: new AbortController().signal,
    say: () => {},
    progress: () => {},
  };
}
