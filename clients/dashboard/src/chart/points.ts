// The points of a metric over an axis, ready to be drawn.
import { inOrder, isRising, risingOrder } from "./aligned.js";
import type { Numbers } from "./decimate.js";
import { smooth } from "./smooth.js";

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
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let last: number | undefined;
  let notFinite = 0;
  for (let i = 0; i < value.length; i++) {
    const each = value[i] as number;
    if (!Number.isFinite(each)) notFinite++;
    else {
      if (each < min) min = each;
      if (each > max) max = each;
      last = each;
    }
  }
  return last === undefined ? { last, min: undefined, max: undefined, notFinite } : { last, min, max, notFinite };
}

/** Keeps what was worked out of a metric until it has changed. */
export class PointsCache {
  #of: string | undefined;
  #points: Points = { x: [], y: [] };
  #extremes: Extremes = extremesOf([]);
  #weight = 0;
  #smoothed: Float64Array | undefined;

  /** The points, smoothed too when the weight is above 0, and what is to be said of them. */
  of(measured: Measured, axis: Axis, weight: number) {
    const { length, dropped, time } = measured;
    // Values are added at either end or dropped: then one of these is another.
    const version = [axis, length, dropped, time[0], time[length - 1]].join();
    if (version !== this.#of) {
      this.#of = version;
      this.#points = toPoints(measured, axis);
      this.#extremes = extremesOf(measured.value);
      this.#smoothed = undefined;
    }
    if (weight !== this.#weight) this.#smoothed = undefined;
    this.#weight = weight;
    if (weight > 0) this.#smoothed ??= smooth(this.#points.y, weight);
    return { points: this.#points, smoothed: this.#smoothed, extremes: this.#extremes };
  }
}
