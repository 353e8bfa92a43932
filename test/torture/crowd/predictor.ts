// A client that predicts, and holds each answer against what the model must say.
import { type InferenceSession, TidewireClientError } from "@tidewire/client";
import type { Findbook } from "../lib/part.js";
import { count, type Member, type MemberOptions, watchConnection } from "./member.js";
import type { Pending } from "./pending.js";

/**
 * Predictions of one client without an answer; beyond it the client waits. One of the slow model: what waits for it becomes one
 * run, which nothing can cut short, and a server that is to end must not have a long one under way.
 */
const MAX_PENDING = { quick: 256, slow: 1 } as const;
/** Sequence numbers wrap here: float32 holds them exactly, tenfold digits added. */
const WRAP = 1_000_000;
/**
 * How long a prediction may take, waiting for a connection included: far longer than anything that goes on here, so that its end
 * says that the server has dropped it.
 */
const TIMEOUT_MS = 120_000;
/** Predictions are equal within this: batches of other sizes add up in another order. */
const TOLERANCE = 1e-4;

/** What became of predictions, by "answered" or the code they were rejected with. */
export type Endings = Record<string, number>;

/** The model of each kind of predictor. */
export const MODELS = {
  /** [digit, a, b] → [digit + a, 10 digit + b]: every answer tells its question. */
  quick: "faulty",
  /** 50 ms a row: what is under way when the server is told to stop. */
  slow: "slow",
} as const;

/** Predicts with one model over a session of its own. */
export class Predictor implements Member {
  readonly endings: Endings = {};
  readonly #number: number;
  readonly #kind: keyof typeof MODELS;
  readonly #session: InferenceSession;
  readonly #book: Findbook;
  readonly #pending: Pending;
  #sent = 0;
  #unanswered = 0;
  #connectedAtMs = Number.POSITIVE_INFINITY;
  #first: Float32Array | undefined;

  constructor(
    number: number,
    kind: keyof typeof MODELS,
    { client, comings, patience }: MemberOptions,
    book: Findbook,
    pending: Pending,
  ) {
    this.#number = number;
    this.#kind = kind;
    this.#book = book;
    this.#pending = pending;
    this.#session = client.inference(MODELS[kind], patience);
    const { connection } = this.#session;
    watchConnection(connection, comings);
    connection.on("connected", () => {
      this.#connectedAtMs = performance.now();
    });
    connection.on("disconnected", () => {
      this.#connectedAtMs = Number.POSITIVE_INFINITY;
    });
  }

  get isConnected(): boolean {
    return this.#session.info !== undefined;
  }

  async back(): Promise<void> {
    await this.#session.ready();
  }

  cut(): void {
    this.#session.connection.drop("cut by the torture");
  }

  leave(): Promise<void> {
    return this.#session.close();
  }

  /** Predicts the next reading, unless too many are under way. */
  predict(): void {
    if (this.#unanswered >= MAX_PENDING[this.#kind]) return;
    this.#sent += 1;
    const [digit, a] = [this.#sent % 10, this.#sent % WRAP];
    const reading = this.#kind === "slow" ? Array<number>(8).fill(1) : [digit, a, this.#number];
    const sentMs = performance.now();
    let ends = 0;
    const end = (how: string): void => {
      ends += 1;
      count(this.endings, how);
      this.#book.expect(ends === 1, "every prediction ends exactly once", () => `${how} of ${reading}`);
    };
    this.#unanswered += 1;
    this.#pending.begin();
    this.#session
      .predict(reading, { timeoutMs: TIMEOUT_MS })
      .then(
        ({ values }) => {
          end("answered");
          this.#check(reading, values);
        },
        (error) => {
          end(error instanceof TidewireClientError ? error.code : "no error of ours");
          this.#judge(error, sentMs);
        },
      )
      .finally(() => {
        this.#unanswered -= 1;
        this.#pending.end();
      });
  }

  #check(reading: readonly number[], values: Float32Array): void {
    const [digit = 0, a = 0, b = 0] = reading;
    this.#first ??= values;
    const expected = this.#kind === "slow" ? this.#first : [digit + a, 10 * digit + b];
    const isRight = values.length === expected.length && values.every((value, i) => isClose(value, expected[i]));
    this.#book.expect(isRight, "every answer is right, and its question's own", () => `[${values}] of [${reading}]`);
  }

  /** A rejection must be one to try again after; and a server that was there all the time owes an answer. */
  #judge(error: unknown, sentMs: number): void {
    const isTyped = error instanceof TidewireClientError;
    const invariant = "every unanswered prediction is rejected with a retryable error";
    this.#book.expect(isTyped && error.retryable, invariant, () => String(error));
    const wasThere = this.#connectedAtMs < sentMs;
    const isDropped = isTyped && error.code === "DEADLINE_EXCEEDED" && wasThere;
    this.#book.expect(!isDropped, "no prediction is silently dropped", () => String(error));
  }
}

function isClose(value: number, expected = Number.NaN): boolean {
  return Math.abs(value - expected) <= TOLERANCE * Math.max(1, Math.abs(expected));
}
