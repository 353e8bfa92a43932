// What is owed for one stretch of messages: every one a reply or a typed error, exactly once.
import type { IdRule } from "./message.js";

const LOOSE = 1;
const EXACT = 2;
const ANSWERED = 0;

/** What a reply was to the ledger. */
export type Booking = "expected" | "twice" | "unasked";

/** One stretch of messages with consecutive ids. */
export class Ledger {
  readonly #states: Uint8Array;
  #firstId = 0;
  #exact = 0;
  #loose = 0;
  /** Replies with other ids, which can only be those of loose messages. */
  #strays = 0;

  constructor(messages: number) {
    this.#states = new Uint8Array(messages);
  }

  /** Begins a stretch. */
  begin(firstId: number): void {
    this.#firstId = firstId;
    this.#exact = 0;
    this.#loose = 0;
    this.#strays = 0;
    this.#states.fill(ANSWERED);
  }

  /** The message of that number in the stretch is sent. */
  owe(index: number, rule: IdRule): void {
    this.#states[index] = rule === "exact" ? EXACT : LOOSE;
    if (rule === "exact") this.#exact += 1;
    else this.#loose += 1;
  }

  /** A reply has come. */
  book(id: number): Booking {
    const state = this.#states[id - this.#firstId];
    if (id < this.#firstId || state === undefined) {
      this.#strays += 1;
      return this.#strays > this.#loose ? "unasked" : "expected";
    }
    if (state === ANSWERED) return "twice";
    this.#states[id - this.#firstId] = ANSWERED;
    if (state === EXACT) this.#exact -= 1;
    else this.#loose -= 1;
    return this.#strays > this.#loose ? "unasked" : "expected";
  }

  /** Messages that wait for their replies. */
  get owed(): number {
    return this.#exact + this.#loose - this.#strays;
  }

  /** Numbers of the messages whose replies have not come, those that strays may have answered included. */
  get open(): number[] {
    return [...this.#states].flatMap((state, index) => (state === ANSWERED ? [] : [index]));
  }
}
