// What a part of the torture is, what it is given, and what it gives back.
import type { Random } from "./random.js";

/** Findings of one invariant that are told one by one; the others are counted. */
const MAX_TOLD = 10;

/** One break of a promise. */
export interface Finding {
  /** The promise: "no acknowledged event is lost". */
  readonly invariant: string;
  /** What was seen, so that it can be looked into. */
  readonly what: string;
}

/** What a part has found, and what it has measured. */
export interface Findings {
  /** Empty when every promise was kept. */
  readonly findings: readonly Finding[];
  /** Shown in the summary and kept in the JSON file: counts, sizes, times; units are in the names. */
  readonly figures: Readonly<Record<string, number | string>>;
}

/** What a part is given. */
export interface Context {
  /** The part's own stream: all its chance comes from it. */
  readonly random: Random;
  /** Whether hours may be spent instead of minutes. */
  readonly isLong: boolean;
  /** Length that was asked for on the command line, in minutes; undefined leaves it to the part. */
  readonly minutes: number | undefined;
  /** Aborted when the run is interrupted. */
  readonly signal: AbortSignal;
  /** Tells a line of progress. */
  say(line: string): void;
  /** Tells how far the part is. @param share 0 to 1 */
  progress(share: number, note?: string): void;
}

/** One part: breaks something on purpose, and looks whether the promises hold. */
export interface Part {
  /** As `--only` names it. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly description: string;
  /** Left out unless `--only` asks for it. */
  readonly onRequest?: boolean;
  /** @throws Error when the part itself could not go on, which counts as a finding */
  run(context: Context): Promise<Findings>;
}

/** Collects findings: bounded, however much goes wrong. */
export class Findbook {
  readonly #byInvariant = new Map<string, { told: string[]; count: number }>();

  get isEmpty(): boolean {
    return this.#byInvariant.size === 0;
  }

  /** Notes that an invariant is broken. */
  found(invariant: string, what: string): void {
    const entry = this.#byInvariant.get(invariant) ?? { told: [], count: 0 };
    this.#byInvariant.set(invariant, entry);
    entry.count += 1;
    if (entry.told.length < MAX_TOLD) entry.told.push(what);
  }

  /** Notes it unless it holds. `what` is asked only then. */
  expect(holds: boolean, invariant: string, what: () => string): void {
    if (!holds) this.found(invariant, what());
  }

  /** What was found, in the order of first sight. */
  get findings(): Finding[] {
    return [...this.#byInvariant].flatMap(([invariant, { told, count }]) => {
      const more = count > told.length ? [{ invariant, what: `and ${count - told.length} more` }] : [];
      return [...told.map((what) => ({ invariant, what })), ...more];
    });
  }
}

/** How long a part takes, in ms: what was asked for, else what suits minutes or hours. */
export function lengthMs({ minutes, isLong }: Context, usual: { seconds: number; longSeconds: number }): number {
  if (minutes !== undefined) return minutes * 60_000;
  return (isLong ? usual.longSeconds : usual.seconds) * 1000;
}
