// One look at the demo, as screen, lines and JSON show it.
import type { Activity } from "./beside/activity.js";
import type { Replay } from "./replay.js";
import { meaningOf, type SignalMeaning } from "./turbine.js";

/** What stays the same during a demo. */
export interface DemoSetup {
  readonly url: string;
  readonly ensemble: string;
  readonly version: string;
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
  readonly boosted: ReadonlySet<string>;
  /** Rows of the file. */
  readonly yearRows: number;
  /** Rows after which it ends; Infinity: never by itself. */
  readonly limit: number;
  /** Rows a second asked for; 0 is as fast as it goes. */
  readonly rate: number;
  readonly maxInFlight: number;
  /** Whether there is the stream only. */
  readonly isAlone: boolean;
}

/** A boundary signal's newest value. */
export interface ReadingState extends SignalMeaning {
  readonly name: string;
  readonly value: number | undefined;
}

/** A predicted signal's newest values; undefined before the first answer. */
export interface SignalState extends SignalMeaning {
  readonly name: string;
  readonly boost: boolean;
  readonly predicted: number | undefined;
  readonly truth: number | undefined;
  readonly error: number | undefined;
  readonly rmse: number | undefined;
  readonly mae: number | undefined;
}

/** The demo at one instant. */
export interface DemoState {
  readonly setup: DemoSetup;
  readonly reading: readonly ReadingState[];
  readonly signals: readonly SignalState[];
  /** Rows answered since the start. */
  readonly rows: number;
  /** Rows answered of this year or, with a limit, of all; and how many those are. */
  readonly rowsOfTotal: number;
  readonly total: number;
  /** Which time the year is replayed, from 1. */
  readonly year: number;
  readonly rowsPerSecond: number;
  readonly elapsedMs: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly failed: number;
  /** The newest thing worth a word: a failure, a warning of the server. */
  readonly note: string | undefined;
  /** What is alive beside the stream; undefined when nothing is meant to be. */
  readonly beside: Readonly<Activity> | undefined;
}

/** What changes and the replay does not know. */
export interface DemoMoment {
  readonly rowsPerSecond: number;
  readonly elapsedMs: number;
  readonly note: string | undefined;
  readonly beside: Readonly<Activity> | undefined;
}

export function stateOf(setup: DemoSetup, replay: Replay, moment: DemoMoment): DemoState {
  const { last, done, failed } = replay;
  const hasLimit = setup.limit !== Number.POSITIVE_INFINITY;
  const ofYear = done % setup.yearRows;
  return {
    setup,
    reading: setup.boundarySignals.map((name, i) => ({ name, ...meaningOf(name), value: last?.reading[i] })),
    signals: setup.signals.map((name, i) => signalOf(name, i, setup, replay)),
    rows: done,
    rowsOfTotal: hasLimit ? done : ofYear,
    total: hasLimit ? setup.limit : setup.yearRows,
    year: Math.floor(done / setup.yearRows) + 1,
    p50Ms: replay.latencies.quantile(0.5),
    p99Ms: replay.latencies.quantile(0.99),
    failed,
    ...moment,
  };
}

function signalOf(name: string, i: number, setup: DemoSetup, { last, errors }: Replay): SignalState {
  const predicted = last?.predicted[i];
  const truth = last?.truth[i];
  const error = predicted === undefined || truth === undefined ? undefined : predicted - truth;
  const boost = setup.boosted.has(name);
  return { name, ...meaningOf(name), boost, predicted, truth, error, rmse: errors.rmse(i), mae: errors.mae(i) };
}
