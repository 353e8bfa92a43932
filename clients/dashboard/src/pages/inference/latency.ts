// How long predictions took, counted in ranges that grow with the time: no list of all of them is kept.

/** The first bound, in milliseconds: nothing is measured below it. */
const FIRST_MS = 0.01;
/** Ranges for each factor of ten; a bound is 15 % above the last one. */
const PER_DECADE = 16;
/** Up to 100 s. */
const DECADES = 7;
const COUNT = PER_DECADE * DECADES;

/** Times by range. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(COUNT);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(ms: number): void {
    const index = Math.floor(Math.log10(Math.max(ms, FIRST_MS) / FIRST_MS) * PER_DECADE);
    const place = Math.min(COUNT - 1, index);
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#total += 1;
  }

  /** The time that this share (0 to 1) of all does not exceed, within 15 %; undefined before the first. */
  quantile(share: number): number | undefined {
    let left = share * this.#total;
    for (let i = 0; i < COUNT; i += 1) {
      const count = this.#counts[i] as number;
      if (count > 0 && count >= left) return boundOf(i + left / count);
      left -= count;
    }
    return undefined;
  }

  /** The ranges from the first to the last that has any, with the bounds between them. */
  ranges(): { readonly bounds: readonly number[]; readonly counts: readonly number[] } {
    const first = this.#counts.findIndex((count) => count > 0);
    if (first < 0) return { bounds: [], counts: [] };
    const last = this.#counts.findLastIndex((count) => count > 0);
    // A range of its own would be as wide as the plot.
    const [from, to] = [Math.max(0, first - 2), Math.min(COUNT - 1, Math.max(last + 2, first + PER_DECADE))];
    return {
      bounds: Array.from({ length: to - from + 2 }, (_, i) => boundOf(from + i)),
      counts: [...this.#counts.subarray(from, to + 1)],
    };
  }
}

function boundOf(index: number): number {
  return FIRST_MS * 10 ** (index / PER_DECADE);
}
