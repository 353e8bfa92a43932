// A family of series: one name, one meaning, a series for each combination of labels.
import type { Histogram } from "../meters/histogram.js";
import type { Measured } from "./measured.js";

/** Values of the family's labels, in their order. */
export type LabelValues = readonly string[];

/** The present state of one series. */
export interface Sample {
  readonly labels: LabelValues;
  readonly value: number | Histogram;
}

/** One family. Counters end in `_total`, but for those that have to be named as another server names them. */
export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** What it counts, in one line. */
  readonly help: string;
  /** Names of the labels. */
  readonly labels: readonly string[];
  /** The series as they are now. */
  read(server: Measured): Iterable<Sample>;
}

/** A family of one series without labels. */
export function single(
  type: "counter" | "gauge",
  name: string,
  help: string,
  read: (server: Measured) => number | undefined,
): Family {
  return {
    name,
    type,
    help,
    labels: [],
    read(server) {
      const value = read(server);
      return value === undefined ? [] : [{ labels: [], value }];
    },
  };
}

/** A histogram without labels. */
export function histogram(name: string, help: string, read: (server: Measured) => Histogram): Family {
  return { name, type: "histogram", help, labels: [], read: (server) => [{ labels: [], value: read(server) }] };
}
