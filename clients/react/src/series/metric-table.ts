// Fills a metric store: bounded columns by name. Loaded with a store's first listener.
import { Columns } from "./columns.js";
import { MAX_POINTS, type MetricContent, type MetricSeries } from "./metric-store.js";

/** Points of all series together, 32 bytes each: some 64 MB, and twice that for a moment while a series grows. */
export const MAX_ALL_POINTS = 2_000_000;
/** Names: of more, a page could show nothing useful; their points are counted as dropped. */
export const MAX_NAMES = 1000;

/** When and where a value was measured; NaN stands for what was not said. */
export interface PointPlace {
  readonly step: number;
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

const NAMES = ["step", "epoch", "time", "value"] as const;

/** The points of one name. */
class Series implements MetricSeries {
  readonly name: string;
  readonly #columns = new Columns<(typeof NAMES)[number]>(NAMES, MAX_POINTS);
  #dropped = 0;

  constructor(name: string) {
    this.name = name;
  }

  get length(): number {
    return this.#columns.length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get step(): Float64Array {
    return this.#columns.column("step");
  }

  get epoch(): Float64Array {
    return this.#columns.column("epoch");
  }

  get time(): Float64Array {
    return this.#columns.column("time");
  }

  get value(): Float64Array {
    return this.#columns.column("value");
  }

  get last(): number | undefined {
    return this.value.at(-1);
  }

  /** @returns by how much the points have become more */
  append(row: PointPlace & { readonly value: number }): number {
    const { length } = this;
    this.#columns.append(row);
    if (this.length === length) this.#dropped++;
    return this.length - length;
  }

  /** @returns whether there was room */
  prepend(row: PointPlace & { readonly value: number }): boolean {
    return this.#columns.prepend(row);
  }

  /** Keeps the newest. @returns how many went */
  limitTo(points: number): number {
    const { length } = this;
    this.#columns.limitTo(points);
    this.#dropped += length - this.length;
    return length - this.length;
  }
}

/** All series of a store. */
export class MetricTable implements MetricContent {
  readonly #series = new Map<string, Series>();
  #names: readonly string[] = [];
  #points = 0;
  #limit = MAX_POINTS;
  #dropped = 0;

  get names(): readonly string[] {
    return this.#names;
  }

  get points(): number {
    return this.#points;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get(name: string): MetricSeries | undefined {
    return this.#series.get(name);
  }

  /** Adds values measured together; what is undefined was not measured. */
  append(values: Readonly<Record<string, number | undefined>>, place: PointPlace): void {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      this.#points += this.#of(name)?.append({ ...place, value }) ?? 0;
      if (this.#points > MAX_ALL_POINTS) this.#shrink();
    }
  }

  /** Adds values measured before all others, as far as there is room. */
  prepend(values: Readonly<Record<string, number>>, place: PointPlace): void {
    for (const [name, value] of Object.entries(values))
      if (this.#points < MAX_ALL_POINTS && this.#of(name)?.prepend({ ...place, value })) this.#points++;
  }

  /** Whether no older value would find room in any series that there is. */
  get isFull(): boolean {
    return this.#points >= Math.min(MAX_ALL_POINTS, this.#limit * Math.max(1, this.#series.size));
  }

  clear(): void {
    this.#series.clear();
    this.#names = [];
    this.#points = 0;
    this.#dropped = 0;
    this.#limit = MAX_POINTS;
  }

  #of(name: string): Series | undefined {
    const known = this.#series.get(name);
    if (known) return known;
    if (this.#series.size >= MAX_NAMES) {
      this.#dropped++;
      return undefined;
    }
    const series = new Series(name);
    if (this.#limit < MAX_POINTS) series.limitTo(this.#limit);
    this.#series.set(name, series);
    this.#names = [...this.#names, name];
    return series;
  }

  /** Halves what a series may hold until a quarter of all room is free: rare, so its cost is spread over many points. */
  #shrink(): void {
    while (this.#points > 0.75 * MAX_ALL_POINTS) {
      this.#limit = Math.ceil(this.#limit / 2);
      for (const series of this.#series.values()) this.#points -= series.limitTo(this.#limit);
    }
  }
}
