// The points of a metric over an axis, ready to be drawn.
import { inOrder, isRising, risingOrder } from "./aligned.js";
import type { Numbers } from "./decimate.js";
import { Smoothed } from "./smooth.js";

/** What a metric is drawn over. */
export type Axis = "step" | "time";

/** Columns of a metric, in the order in which its values came. */
export interface Measured {
  readonly length: number;
  readonly dropped: number;
  readonly step: Float64Array;
  readonly epoch: Float64Array;
  readonly time: Float64Array;
  readonly value: Float64Array;
}

/** Values over rising x. */
export interface Points {
  readonly x: Numbers;
  readonly y: Numbers;
}

/** Last, least and greatest of the values that can be drawn, and how many cannot. */
export interface Extremes {
  readonly last: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly notFinite: number;
}

/**
 * The points over an axis. Steps of a run that went on from a checkpoint repeat: they are put in order, the earlier
 * value first. Where no step was said, the epoch stands for it, and where none of both was, the count of values.
 */
export function toPoints(measured: Measured, axis: Axis): Points {
  const x = axis === "time" ? measured.time : stepsOf(measured);
  if (isRising(x)) return { x, y: measured.value };
  const order = risingOrder(x);
  return { x: inOrder(x, order), y: inOrder(measured.value, order) };
}

function stepsOf({ step, epoch, length }: Measured): Numbers {
  if (!step.some(Number.isNaN)) return step;
  if (!epoch.some(Number.isNaN)) return epoch;
  return Float64Array.from({ length }, (_, i) => i);
}

/** Where x begins and ends, by its ends alone: what is exact is the chart's own part of it. */
export function endsOf(measured: Measured, axis: Axis): readonly [number, number] | undefined {
  const { length } = measured;
  if (length === 0) return undefined;
  const column = axis === "time" ? measured.time : measured.step;
  const [first, last] = [column[0] as number, column[length - 1] as number];
  return Number.isFinite(first) && Number.isFinite(last) ? [Math.min(first, last), Math.max(first, last)] : undefined;
}

export function extremesOf(value: Numbers): Extremes {
  return extended(NONE, value, 0);
}

const NONE: Extremes = { last: undefined, min: undefined, max: undefined, notFinite: 0 };

/** The extremes with the values from an index on. */
function extended({ last, min, max, notFinite }: Extremes, value: Numbers, from: number): Extremes {
  let [low, high] = [min ?? Number.POSITIVE_INFINITY, max ?? Number.NEGATIVE_INFINITY];
  let newest = last;
  let others = notFinite;
  for (let i = from; i < value.length; i++) {
    const each = value[i] as number;
    if (!Number.isFinite(each)) others++;
    else {
      if (each < low) low = each;
      if (each > high) high = each;
      newest = each;
    }
  }
  if (newest === undefined) return { ...NONE, notFinite: others };
  return { last: newest, min: low, max: high, notFinite: others };
}

/** What {@link PointsCache} gives. */
export interface Prepared {
  readonly points: Points;
  /** As long as the points; undefined where nothing is to be smoothed. */
  readonly smoothed: Float64Array | undefined;
  readonly extremes: Extremes;
}

/** What a metric was like when it was looked at last. */
interface Seen {
  readonly axis: Axis;
  readonly length: number;
  readonly dropped: number;
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
}

/** Keeps what was worked out of a metric. Where values were only added at the end, only those are looked at. */
export class PointsCache {
  #seen: Seen | undefined;
  #points: Points = { x: [], y: [] };
  /** Whether the values stand in the order of x. */
  #isPlain = true;
  #extremes = NONE;
  #smoothed = new Smoothed(0);

  /** The points, smoothed too when the weight is above 0, and what is to be said of them. */
  of(measured: Measured, axis: Axis, weight: number): Prepared {
    const { length, dropped, time, value } = measured;
    const known = knownOf(this.#seen, measured, axis);
    const gone = known === 0 ? 0 : dropped - (this.#seen?.dropped ?? 0);
    this.#seen = { axis, length, dropped, firstMs: time[0], lastMs: time[length - 1] };
    if (known === 0 || gone > 0 || length > known) this.#take(measured, axis, known);
    // The least or greatest may be among those that are gone.
    this.#extremes = known === 0 || gone > 0 ? extremesOf(value) : extended(this.#extremes, value, known);
    if (known === 0 || weight !== this.#smoothed.weight || !this.#isPlain) this.#smoothed = new Smoothed(weight);
    else this.#smoothed.drop(gone);
    const smoothed = weight > 0 ? this.#smoothed.follow(this.#points.y) : undefined;
    return { points: this.#points, smoothed, extremes: this.#extremes };
  }

  #take(measured: Measured, axis: Axis, known: number): void {
    const column = axis === "time" ? measured.time : measured.step;
    // What was in order, and goes on in order, is in order.
    this.#isPlain = (known === 0 || this.#isPlain) && isRising(column.subarray(Math.max(0, known - 1)));
    this.#points = this.#isPlain ? { x: column, y: measured.value } : toPoints(measured, axis);
  }
}

/** How many of the values, from the first on, were there before, with nothing new before or between them. */
function knownOf(seen: Seen | undefined, { length, dropped, time }: Measured, axis: Axis): number {
  if (!seen || seen.axis !== axis || dropped < seen.dropped) return 0;
  const known = seen.length - (dropped - seen.dropped);
  if (known <= 0 || known > length || time[known - 1] !== seen.lastMs) return 0;
  return dropped > seen.dropped || time[0] === seen.firstMs ? known : 0;
}
