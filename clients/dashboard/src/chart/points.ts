// The points of a metric over an axis, ready to be drawn.
import { inOrder, isRising, risingOrder } from "./aligned.js";
import type { Numbers } from "./decimate.js";
import { Smoother } from "./smooth.js";

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

/** Keeps what was worked out of a metric. Of values that were only added at the end, only those are looked at. */
export class PointsCache {
  #measured: Pick<Measured, "length" | "dropped"> & { readonly axis: Axis; readonly firstMs: number | undefined } = {
    length: 0,
    dropped: 0,
    axis: "step",
    firstMs: undefined,
  };
  #points: Points = { x: [], y: [] };
  #isPlain = true;
  #extremes: Extremes = NONE;
  #weight = 0;
  #smoother = new Smoother(0);
  #smoothed = new Float64Array(0);
  #smoothedLength = 0;

  /** The points, smoothed too when the weight is above 0, and what is to be said of them. */
  of(measured: Measured, axis: Axis, weight: number): Prepared {
    const { length, dropped, time, value } = measured;
    const before = this.#measured;
    const isSame = before.axis === axis && before.dropped === dropped && before.firstMs === time[0];
    const from = isSame && length >= before.length ? before.length : 0;
    this.#measured = { length, dropped, axis, firstMs: time[0] };
    if (from === 0 || length > from) this.#take(measured, axis, from);
    this.#extremes = extended(from === 0 ? NONE : this.#extremes, value, from);
    if (weight !== this.#weight || from === 0 || !this.#isPlain) this.#restart(weight);
    return { points: this.#points, smoothed: weight > 0 ? this.#smooth() : undefined, extremes: this.#extremes };
  }

  #take(measured: Measured, axis: Axis, from: number): void {
    const column = axis === "time" ? measured.time : measured.step;
    // What was in order, and goes on in order, is in order.
    this.#isPlain = (from === 0 || this.#isPlain) && isRising(column.subarray(Math.max(0, from - 1)));
    this.#points = this.#isPlain ? { x: column, y: measured.value } : toPoints(measured, axis);
  }

  #restart(weight: number): void {
    this.#weight = weight;
    this.#smoother = new Smoother(weight);
    this.#smoothedLength = 0;
  }

  #smooth(): Float64Array {
    const { y } = this.#points;
    if (this.#smoothed.length < y.length) {
      const longer = new Float64Array(Math.max(1024, 2 * y.length));
      longer.set(this.#smoothed.subarray(0, this.#smoothedLength));
      this.#smoothed = longer;
    }
    for (let i = this.#smoothedLength; i < y.length; i++) this.#smoothed[i] = this.#smoother.next(y[i] as number);
    this.#smoothedLength = y.length;
    return this.#smoothed.subarray(0, y.length);
  }
}
