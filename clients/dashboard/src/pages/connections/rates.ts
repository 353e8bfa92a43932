// Rates out of counters that are asked for again and again.
import { useEffect, useState } from "react";

/** Points kept: five minutes, asked once a second. */
const MAX_POINTS = 300;

/** Counters of one moment, by name. */
export type Counters<Name extends string> = Readonly<Record<Name, number>>;

/** What the counters have grown by a second. */
export interface Rates<Name extends string> {
  /** The latest; undefined before the second answer. */
  readonly now: Counters<Name> | undefined;
  /** Milliseconds since 1970 of each, and the rates at it; at most {@link MAX_POINTS}. */
  readonly times: readonly number[];
  readonly history: Readonly<Record<Name, readonly number[]>> | undefined;
}

interface State<Name extends string> extends Rates<Name> {
  readonly last?: { readonly counters: Counters<Name>; readonly atMs: number };
}

const NONE = { now: undefined, times: [], history: undefined };

/** The rates of counters, taken whenever they change. Counters that fall are those of a new server. */
export function useRates<Name extends string>(counters: Counters<Name> | undefined): Rates<Name> {
  const [state, setState] = useState<State<Name>>(NONE);
  useEffect(() => {
    if (counters) setState((before) => next(before, counters, performance.now()));
  }, [counters]);
  return state;
}

/** The state after an answer that came at `atMs`. */
export function next<Name extends string>(before: State<Name>, counters: Counters<Name>, atMs: number): State<Name> {
  const last = { counters, atMs };
  const names = Object.keys(counters) as Name[];
  const seconds = before.last ? (atMs - before.last.atMs) / 1000 : 0;
  const grown = (name: Name) => counters[name] - (before.last?.counters[name] ?? 0);
  if (seconds <= 0 || names.some((name) => grown(name) < 0)) return { ...before, last };
  const now = Object.fromEntries(names.map((name) => [name, grown(name) / seconds])) as Counters<Name>;
  const points = (name: Name) => [...(before.history?.[name] ?? []), now[name]].slice(-MAX_POINTS);
  return {
    last,
    now,
    times: [...before.times, Date.now()].slice(-MAX_POINTS),
    history: Object.fromEntries(names.map((name) => [name, points(name)])) as Record<Name, number[]>,
  };
}
