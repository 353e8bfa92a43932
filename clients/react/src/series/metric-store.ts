// Numbers over steps and time, by name: what charts read.
import { Source } from "./source.js";

/** Points of one series: as many as a chart can still be zoomed in. */
export const MAX_POINTS = 100_000;

/**
 * The points of one name in the order of their events. The columns are views on memory that changes: they are right until
 * the next telling, are not to be written to, and to be asked for anew after it.
 */
export interface MetricSeries {
  readonly name: string;
  readonly length: number;
  /** Points that are no longer kept: the oldest go. */
  readonly dropped: number;
  /** Training step; NaN where none was said. */
  readonly step: Float64Array;
  /** Training epoch; NaN where none was said. */
  readonly epoch: Float64Array;
  /** Milliseconds since 1970. */
  readonly time: Float64Array;
  /** NaN and the infinities are values too. */
  readonly value: Float64Array;
  /** The newest value; undefined when there is none. */
  readonly last: number | undefined;
}

/** What fills a store. */
export interface MetricContent {
  readonly names: readonly string[];
  readonly points: number;
  readonly dropped: number;
  get(name: string): MetricSeries | undefined;
}

/** All series of a run, a host or a session. */
export class MetricStore extends Source<MetricContent> {
  /** In the order of their first appearance; the same array until there is another one. */
  get names(): readonly string[] {
    return this.content?.names ?? NONE;
  }

  /** Points of all series. */
  get points(): number {
    return this.content?.points ?? 0;
  }

  /** Points that found no room, because their name was one too many. */
  get dropped(): number {
    return this.content?.dropped ?? 0;
  }

  get(name: string): MetricSeries | undefined {
    return this.content?.get(name);
  }
}

const NONE: readonly string[] = [];
