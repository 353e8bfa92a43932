// Who may run now: several at once under a limit, the others in the order they came.
import { TidewireError } from "../errors.js";

/** How long a client should wait before it tries for a place again; evaluations take seconds to minutes. */
const RETRY_AFTER_MS = 5_000;

/** Runs a few at a time; those that wait are bounded too. */
export class JobQueue {
  readonly #most: number;
  readonly #mostRunning: number;
  readonly #waiting: (() => void)[] = [];
  #places = 0;
  #running = 0;

  constructor(mostRunning: number, mostWaiting: number) {
    this.#mostRunning = mostRunning;
    this.#most = mostRunning + mostWaiting;
  }

  /** Evaluations that run. */
  get running(): number {
    return this.#running;
  }

  /** Evaluations that wait for their turn, or are uploaded. */
  get waiting(): number {
    return this.#places - this.#running;
  }

  /** Whether a further one is refused. */
  get isFull(): boolean {
    return this.#places >= this.#most;
  }

  /** A place, which is held until it is left. @throws TidewireError OVERLOADED */
  enter(): Place {
    if (this.#places >= this.#most) {
      const message = `${this.#places} evaluations run, wait or are uploaded, at most ${this.#most} may; try again later`;
      throw new TidewireError(
        "OVERLOADED",
        message,
        { evaluations: this.#places, limit: this.#most },
        {
          retryAfterMs: RETRY_AFTER_MS,
        },
      );
    }
    this.#places += 1;
    return new Place(this);
  }

  /** For {@link Place} only. */
  async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running >= this.#mostRunning) await this.#wait(signal);
    else this.#running += 1;
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const called = (): void => {
        signal.removeEventListener("abort", aborted);
        resolve();
      };
      const aborted = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(called), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", aborted, { once: true });
      this.#waiting.push(called);
    });
  }

  /** For {@link Place} only. */
  left(hadTurn: boolean): void {
    this.#places -= 1;
    if (!hadTurn) return;
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}

/** A place in the queue. */
export class Place {
  readonly #queue: JobQueue;
  #state: "waiting" | "running" | "left" = "waiting";

  constructor(queue: JobQueue) {
    this.#queue = queue;
  }

  /** Resolves when it may run; rejects with the signal's reason, and still holds its place. */
  async turn(signal: AbortSignal): Promise<void> {
    await this.#queue.turn(signal);
    this.#state = "running";
  }

  /** Idempotent. */
  leave(): void {
    if (this.#state === "left") return;
    const hadTurn = this.#state === "running";
    this.#state = "left";
    this.#queue.left(hadTurn);
  }
}
