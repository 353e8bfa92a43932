// A client that writes numbered lines to a run of its own, and notes which of them were acknowledged where.
import { type ProgressClient, TidewireClientError } from "@tidewire/client";
import type { Findbook } from "../lib/part.js";
import type { Random } from "../lib/random.js";
import { type Member, type MemberOptions, watchConnection } from "./member.js";
import type { Pending } from "./pending.js";

/** Lines without an acknowledgement; beyond it the publisher waits: far below the journal's own limit of 10,000. */
const MAX_PENDING = 1000;
/** Longest padding of a line, in characters. */
const MAX_PADDING = 200;

/** Owns a training run: the only one who writes to it. */
export class Publisher implements Member {
  readonly topic: string;
  /** Offset of line n at n − 1; 0 while it is not acknowledged. */
  readonly acknowledged: number[] = [];
  readonly #client: ProgressClient;
  readonly #random: Random;
  readonly #book: Findbook;
  readonly #pending: Pending;
  #unacknowledged = 0;

  constructor(
    topic: string,
    { client, comings, patience }: MemberOptions,
    random: Random,
    book: Findbook,
    pending: Pending,
  ) {
    this.topic = topic;
    this.#client = client.getProgress(patience);
    this.#random = random;
    this.#book = book;
    this.#pending = pending;
    watchConnection(this.#client.connection, comings);
  }

  get isConnected(): boolean {
    return this.#client.isConnected();
  }

  back(): Promise<void> {
    return this.#client.connect();
  }

  cut(): void {
    this.#client.connection.drop("cut by the torture");
  }

  leave(): Promise<void> {
    return this.#client.disconnect();
  }

  /** Writes the next line, unless too many are under way. Every other one has a key of our own. */
  publish(): void {
    if (this.#unacknowledged >= MAX_PENDING) return;
    const number = this.acknowledged.push(0);
    const message = `${number} ${"x".repeat(this.#random.integer(0, MAX_PADDING))}`;
    const options = number % 2 === 0 ? { idempotencyKey: `${this.topic}/${number}` } : {};
    this.#unacknowledged += 1;
    this.#pending.begin();
    this.#client
      .publish(this.topic, { type: "log", level: "INFO", message }, options)
      .then(({ offset }) => {
        this.acknowledged[number - 1] = offset;
      })
      .catch((error) => this.#refused(number, error))
      .finally(() => {
        this.#unacknowledged -= 1;
        this.#pending.end();
      });
  }

  #refused(number: number, error: unknown): void {
    const code = error instanceof TidewireClientError ? error.code : "no error of ours";
    this.#book.found("every publish is acknowledged in the end", `${this.topic} line ${number}: ${code} ${error}`);
  }
}
