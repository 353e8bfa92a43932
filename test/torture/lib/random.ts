// Chance that can be had again: a seed and a name decide every number.

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const TWO_32 = 2 ** 32;

/** Seeds are integers below this. */
export const SEEDS = TWO_32;

/** A stream of numbers (xoshiro128**). The same seed and name give the same stream on every machine. */
export class Random {
  readonly #seed: number;
  readonly #name: string;
  readonly #state: Uint32Array;

  /** @param name tells streams of one seed apart: a part, a client, a round */
  constructor(seed: number, name: string) {
    this.#seed = seed;
    this.#name = name;
    let mix = hash(`${seed}/${name}`);
    this.#state = Uint32Array.from({ length: 4 }, () => {
      mix = (mix + 0x9e3779b9) >>> 0;
      return splitmix(mix);
    });
  }

  /** Another stream, which does not depend on how much of this one was used. */
  fork(name: string | number): Random {
    return new Random(this.#seed, `${this.#name}/${name}`);
  }

  /** 0 ≤ n < 2³². */
  uint32(): number {
    const state = this.#state;
    const [a = 0, b = 0, c = 0, d = 0] = state;
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    state[2] = c ^ a;
    state[3] = d ^ b;
    state[1] = b ^ (state[2] as number);
    state[0] = a ^ (state[3] as number);
    state[2] = (state[2] as number) ^ (b << 9);
    state[3] = rotated(state[3] as number, 11);
    return result;
  }

  /** 0 ≤ n < 1. */
  next(): number {
    return this.uint32() / TWO_32;
  }

  /** An integer, `least` ≤ n ≤ `most`. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Whether something happens that does so in `share` of all cases. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** One of a list that is not empty. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.integer(0, items.length - 1)] as Item;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 0xff);
  }
}

function hash(text: string): number {
  let value = FNV_OFFSET;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), FNV_PRIME);
  return value >>> 0;
}

function splitmix(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  const twice = Math.imul(once ^ (once >>> 15), 0x735a2d97);
  return (twice ^ (twice >>> 15)) >>> 0;
}

function rotated(value: number, bits: number): number {
  return ((value << bits) | (value >>> (32 - bits))) >>> 0;
}
