// Counts by one of a few words.

/** Counts since the start of the server; they only rise. Every word is there from the start, with 0. */
export class Tally<Word extends string> {
  readonly #counts: Map<Word, number>;

  constructor(words: readonly Word[]) {
    this.#counts = new Map(words.map((word) => [word, 0]));
  }

  add(word: Word, count = 1): void {
    this.#counts.set(word, this.of(word) + count);
  }

  of(word: Word): number {
    return this.#counts.get(word) ?? 0;
  }

  /** Words with their counts, in the order of the words. */
  entries(): Iterable<readonly [Word, number]> {
    return this.#counts;
  }
}
