// Readings in, predictions out, many at a time, in order.

/** Readings from anywhere: an array, a generator, a Node stream, an async generator over a socket. */
export type Readings<Reading> = Iterable<Reading> | AsyncIterable<Reading>;

/** How {@link pipeline} works. */
export interface PipelineOptions<Reading, Result> {
  /** Begins the work on one reading; called in order. */
  readonly start: (reading: Reading) => Promise<Result>;
  /** Readings that may be taken and not yet yielded; asked before each reading, at least 1. */
  readonly limit: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** A result, or what was thrown instead; never a rejected promise that nobody awaits. */
type Outcome<Result> = { readonly result: Result } | { readonly thrown: unknown };

/**
 * Yields the result of each reading, in the readings' order. Takes readings while fewer than `limit` are without a
 * yielded result: whoever reads slowly slows the source. The first failure ends it, and the source is told to end.
 *
 * @throws whatever `start` or the source throws, or the signal's reason
 */
export async function* pipeline<Reading, Result>(
  readings: Readings<Reading>,
  options: PipelineOptions<Reading, Result>,
): AsyncGenerator<Result, void, undefined> {
  const feed = new Feed(readings, options);
  const abort = () => feed.end({ thrown: options.signal?.reason });
  options.signal?.addEventListener("abort", abort);
  if (options.signal?.aborted) abort();
  try {
    void feed.run();
    for (;;) {
      const outcome = await feed.next();
      if (outcome === undefined) return;
      if ("thrown" in outcome) throw outcome.thrown;
      yield outcome.result;
    }
  } finally {
    options.signal?.removeEventListener("abort", abort);
    await feed.stop();
  }
}

/** The source's end of the pipeline: what was taken from it, and not yet handed out. */
class Feed<Reading, Result> {
  readonly #source: Iterator<Reading> | AsyncIterator<Reading>;
  /** Whether the source gives promises, the platform's own or any other's. */
  readonly #waits: boolean;
  readonly #options: PipelineOptions<Reading, Result>;
  readonly #taken: Promise<Outcome<Result>>[] = [];
  /** What the pump does: take readings, wait for the source's next one, or no more. */
  #pump: "taking" | "awaiting" | "ended" = "taking";
  #wakePump = () => {};
  #wakeReader = () => {};

  constructor(readings: Readings<Reading>, options: PipelineOptions<Reading, Result>) {
    this.#waits = Symbol.asyncIterator in readings;
    this.#source = Symbol.asyncIterator in readings ? readings[Symbol.asyncIterator]() : readings[Symbol.iterator]();
    this.#options = options;
  }

  /** Takes readings until the source ends, something fails, or {@link stop}. */
  async run(): Promise<void> {
    try {
      while (this.#pump !== "ended") {
        if (this.#taken.length >= Math.max(1, this.#options.limit())) await this.#room();
        else await this.#take();
      }
    } catch (thrown) {
      this.end({ thrown });
    }
  }

  /** The next outcome; undefined after the last. */
  async next(): Promise<Outcome<Result> | undefined> {
    while (this.#taken.length === 0) {
      if (this.#pump === "ended") return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const outcome = await this.#taken[0];
    this.#taken.shift();
    this.#wakePump();
    return outcome;
  }

  /** Takes no further reading; `last` follows what was taken. */
  end(last?: Outcome<Result>): void {
    if (this.#pump === "ended") return;
    this.#pump = "ended";
    if (last) this.#taken.push(Promise.resolve(last));
    this.#wakePump();
    this.#wakeReader();
  }

  /** Tells the source that nobody reads on, unless it has ended. */
  async stop(): Promise<void> {
    const was = this.#pump;
    this.end();
    if (was === "ended") return;
    const returned = Promise.resolve(this.#source.return?.());
    // A source that is asked for a reading may only end after giving it: nobody waits, nor is left to hear its error.
    if (was === "awaiting") returned.catch(() => undefined);
    else await returned;
  }

  async #take(): Promise<void> {
    const step = this.#source.next();
    if (this.#waits) this.#pump = "awaiting";
    const { done, value } = this.#waits ? await step : (step as IteratorResult<Reading>);
    if ((this.#pump as string) === "ended") return;
    this.#pump = "taking";
    if (done) {
      this.end();
      return;
    }
    const result = this.#options.start(value);
    this.#taken.push(
      result.then(
        (result) => ({ result }),
        (thrown: unknown) => ({ thrown }),
      ),
    );
    this.#wakeReader();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakePump = resolve;
    });
  }
}
