// How much each address has open. An address with nothing open is not in the table, so what is open bounds it.

/** Counts by address. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** One more of an address. @returns how many it has now */
  enter(address: string): number {
    const count = (this.#counts.get(address) ?? 0) + 1;
    this.#counts.set(address, count);
    this.#total += 1;
    return count;
  }

  /** One less; call it once for each {@link enter}. */
  leave(address: string): void {
    const count = (this.#counts.get(address) ?? 0) - 1;
    this.#total -= 1;
    if (count > 0) this.#counts.set(address, count);
    else this.#counts.delete(address);
  }

  /** How many an address has. */
  of(address: string): number {
    return this.#counts.get(address) ?? 0;
  }

  /** How many all addresses have. */
  get total(): number {
    return this.#total;
  }

  /** Addresses that have something open. */
  get size(): number {
    return this.#counts.size;
  }
}
