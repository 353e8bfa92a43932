// What a soak's samples must look like, and why those bounds.

import type { Findbook } from "../lib/part.js";
import { grows, type Sample, type Slope, slopeOf } from "../lib/slope.js";
import type { Reading } from "./sampler.js";

const MIB = 1024 * 1024;

/**
 * Growth a minute that is tolerated, for the low end of the interval. A third of the leak that must be found: V8 and malloc
 * settle for more than an hour, by some MiB, and a real leak of 1 MiB a minute is thrice the bound.
 */
export const TOLERATED = {
  memoryBytes: MIB / 3,
  /** One handle in five minutes: an hour's leak would be twelve. */
  handles: 0.2,
} as const;

/** Slopes of less than that are mostly warm-up: they are shown, not judged. */
const LEAST_MINUTES = 10;
/** Warm-up that is left out: caches, histories and keys reach their bounds, code is compiled. */
const WARM_UP = { share: 0.2, mostMinutes: 15 } as const;
/**
 * What the heap may hold more than before anybody came, once all have gone: the keys of publishes (131,072 of some 500 bytes),
 * states of a hundred runs, histories of a hundred closed sessions, compiled code.
 */
const KEPT_BYTES = 96 * MIB;

/** Connections that this process's own HTTP client may keep open for its next request. */
const KEPT_ALIVE = 8;

/** What is watched for growth, and how much of it is tolerated. */
const WATCHED = {
  "heap in use": { of: ({ liveBytes }: Reading) => liveBytes, tolerated: TOLERATED.memoryBytes },
  "anonymous memory": { of: ({ anonymousBytes }: Reading) => anonymousBytes, tolerated: TOLERATED.memoryBytes },
  sockets: { of: ({ sockets }: Reading) => sockets, tolerated: TOLERATED.handles },
} as const;

/** Judges the growth of everything watched. @returns slopes for the figures, in words */
export function judgeGrowth(readings: readonly Reading[], book: Findbook): Record<string, string> {
  const last = readings.at(-1)?.minutes ?? 0;
  const from = Math.min(WARM_UP.mostMinutes, WARM_UP.share * last);
  const isJudged = last - from >= LEAST_MINUTES;
  const entries = Object.entries(WATCHED).map(([name, { of, tolerated }]) => {
    const slope = slopeOf(samplesOf(readings, of, from));
    const told = inWords(name, slope);
    if (isJudged) book.expect(!grows(slope, tolerated), "nothing grows", () => `${name}: ${told}`);
    return [`${name}, growth a minute`, isJudged ? told : `${told}; too short to judge`];
  });
  return Object.fromEntries(entries);
}

/** Judges what is left when everybody has gone. */
export function judgeRest(before: Reading, after: Reading, book: Findbook): void {
  const kept = after.liveBytes - before.liveBytes;
  const told = (): string => `${inMib(before.liveBytes)} before, ${inMib(after.liveBytes)} after`;
  book.expect(kept <= KEPT_BYTES, "the heap is back when everybody has gone", told);
  const sockets = (): string => `${before.sockets} before, ${after.sockets} after`;
  book.expect(after.sockets <= before.sockets + KEPT_ALIVE, "sockets are back when everybody has gone", sockets);
}

/** A size for people. */
export function inMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

function samplesOf(readings: readonly Reading[], of: (reading: Reading) => number, from: number): Sample[] {
  return readings.filter(({ minutes }) => minutes >= from).map((one) => ({ minutes: one.minutes, value: of(one) }));
}

function inWords(name: string, { perMinute, low, high }: Slope): string {
  const told =
    name === "sockets" ? (value: number) => value.toFixed(2) : (value: number) => `${(value / 1024).toFixed(1)} KiB`;
  return `${told(perMinute)} (${told(low)} to ${told(high)})`;
}
