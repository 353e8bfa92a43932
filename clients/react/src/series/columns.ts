// Numbers in a row that grows at both ends and never beyond a bound. What it holds stands contiguously in memory.

/** Values that the first allocation has room for. */
const FIRST = 64;

/** Columns of numbers of equal length. At the bound, the newest push out the oldest. */
export class Columns<Name extends string> {
  readonly #names: readonly Name[];
  #limit: number;
  #arrays: Record<Name, Float64Array>;
  #start = 0;
  #end = 0;

  /** @param limit most rows */
  constructor(names: readonly Name[], limit: number) {
    this.#names = names;
    this.#limit = limit;
    this.#arrays = this.#allocate(FIRST);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  get isFull(): boolean {
    return this.length >= this.#limit;
  }

  /** A view, not a copy: it is right until the next change. */
  column(name: Name): Float64Array {
    return this.#arrays[name].subarray(this.#start, this.#end);
  }

  append(row: Readonly<Record<Name, number>>): void {
    if (this.isFull) this.#start++;
    if (this.#end === this.#arrays[this.#names[0] as Name].length) this.#move();
    for (const name of this.#names) this.#arrays[name][this.#end] = row[name];
    this.#end++;
  }

  /** Puts a row before all others. @returns false when there is no room: it is older than what may be kept */
  prepend(row: Readonly<Record<Name, number>>): boolean {
    if (this.isFull) return false;
    if (this.#start === 0) this.#move();
    this.#start--;
    for (const name of this.#names) this.#arrays[name][this.#start] = row[name];
    return true;
  }

  /** Keeps the newest, and no more than these from now on. */
  limitTo(limit: number): void {
    this.#limit = limit;
    this.#start = Math.max(this.#start, this.#end - limit);
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /** Moves the rows to the middle of arrays of twice their number: each row is moved once in a while, not each time. */
  #move(): void {
    const { length } = this;
    const arrays = this.#allocate(Math.max(FIRST, 2 * length));
    const start = (arrays[this.#names[0] as Name].length - length) >> 1;
    for (const name of this.#names) arrays[name].set(this.column(name), start);
    this.#arrays = arrays;
    this.#start = start;
    this.#end = start + length;
  }

  #allocate(rows: number): Record<Name, Float64Array> {
    return Object.fromEntries(this.#names.map((name) => [name, new Float64Array(rows)])) as Record<Name, Float64Array>;
  }
}
