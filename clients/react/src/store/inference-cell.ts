// A session that predicts, and what it has predicted.
import type {
  InferenceConfiguration,
  InferenceOptions,
  InferenceSession,
  NamedPrediction,
  NamedReading,
  PredictOptions,
  Readings,
  SessionInfo,
  StreamOptions,
  TidewireClientError,
  TimedReading,
} from "@tidewire/client";
import { LiveSeries } from "../series/live-series.js";
import type { MetricStore } from "../series/metric-store.js";
import { Cell } from "./cell.js";
import type { LinkState } from "./link.js";
import type { Store } from "./store.js";

/** What `useInference` gives. */
export interface InferenceView {
  readonly ensembleName: string;
  /** Live once the server has acknowledged the configuration. */
  readonly connection: Exclude<LinkState, "ended">;
  /** The configuration in force. */
  readonly info: SessionInfo | undefined;
  /** Of the last request, or why there is no session; undefined once a prediction has come. */
  readonly error: TidewireClientError | undefined;
  /** The newest prediction, and the reading that it is for. */
  readonly prediction: NamedPrediction | undefined;
  readonly reading: NamedReading | undefined;
  /** The server's time for it, in milliseconds. */
  readonly latencyMs: number | undefined;
  /** From the call to its prediction, in milliseconds. */
  readonly roundTripMs: number | undefined;
  /** Predictions so far. */
  readonly count: number;
  /** Requests without an answer. */
  readonly pending: number;
  /**
   * Every prediction from the first listener on, for charts: a series a signal, and "latencyMs" and "roundTripMs". The
   * step of each is its place in {@link count}.
   */
  readonly series: MetricStore;
  /** The client's session while there is one, for batches, tensors and positional readings. */
  readonly session: InferenceSession | undefined;
  /** @throws TidewireClientError */
  readonly predict: (reading: NamedReading, options?: PredictOptions) => Promise<NamedPrediction>;
  /** Predicts readings as they come, many in flight, in their order. @throws TidewireClientError */
  readonly stream: (
    readings: Readings<NamedReading | TimedReading<NamedReading>>,
    options?: StreamOptions,
  ) => AsyncGenerator<NamedPrediction, void, undefined>;
  /** Changes the configuration for the requests that follow. @throws TidewireClientError */
  readonly configure: (changes: InferenceConfiguration) => Promise<SessionInfo>;
}

/** One session a client, ensemble and options, however many components use it. */
export class InferenceCell extends Cell<InferenceView> {
  readonly #store: Store;
  readonly #ensembleName: string;
  readonly #options: InferenceOptions;
  readonly #series: LiveSeries;
  #session: InferenceSession | undefined;
  #isRefused = false;
  #wasReady = false;
  #error: TidewireClientError | undefined;
  #prediction: NamedPrediction | undefined;
  #reading: NamedReading | undefined;
  #roundTripMs: number | undefined;
  #count = 0;
  #pending = 0;

  /** @param ensembleName none is "" */
  constructor(key: string, store: Store, ensembleName: string, options: InferenceOptions) {
    super(key, store);
    this.#store = store;
    this.#ensembleName = ensembleName;
    this.#options = options;
    this.#series = new LiveSeries(store.frames, this, (error) => this.#failed(error));
  }

  /** A stream goes on, whether somebody sees it or not. */
  override pause(): void {}
  override resume(): void {}

  readonly predict = (reading: NamedReading, options?: PredictOptions): Promise<NamedPrediction> => {
    const begun = performance.now();
    const session = this.#open();
    this.#asked(1);
    const predicted = session.predict(reading, options).then((prediction) => {
      this.#predicted(prediction, reading, performance.now() - begun);
      return prediction;
    });
    return this.#told(predicted.finally(() => this.#asked(-1)));
  };

  readonly stream: InferenceView["stream"] = (readings, options) => this.#stream(readings, options);

  readonly configure = (changes: InferenceConfiguration): Promise<SessionInfo> =>
    this.#told(
      this.#open()
        .configure(changes)
        .finally(() => this.changed()),
    );

  protected start(): void {
    if (this.#ensembleName !== "") this.#open();
  }

  protected stop(): void {
    void this.#session?.close();
    this.#session = undefined;
    this.changed();
  }

  protected present(): InferenceView {
    return {
      ensembleName: this.#ensembleName,
      connection: this.#link(),
      info: this.#session?.info,
      error: this.#error,
      prediction: this.#prediction,
      reading: this.#reading,
      latencyMs: this.#prediction?.latencyMs,
      roundTripMs: this.#roundTripMs,
      count: this.#count,
      pending: this.#pending,
      series: this.#series.store,
      session: this.#session,
      predict: this.predict,
      stream: this.stream,
      configure: this.configure,
    };
  }

  async *#stream(
    readings: Readings<NamedReading | TimedReading<NamedReading>>,
    options: StreamOptions | undefined,
  ): AsyncGenerator<NamedPrediction, void, undefined> {
    try {
      for await (const prediction of this.#open().stream(readings, options)) {
        this.#predicted(prediction, undefined, undefined);
        yield prediction;
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #open(): InferenceSession {
    if (this.#session && !this.#isRefused) return this.#session;
    const session = this.#store.client.inference(this.#ensembleName, {
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
      ...this.#options,
    });
    this.#session = session;
    this.#isRefused = false;
    session.connection.onConnectionState(() => this.#ready(session));
    this.#ready(session);
    return session;
  }

  /** Waits for the configuration, which a new connection has acknowledged anew. */
  #ready(session: InferenceSession): void {
    this.changed();
    session.ready().then(
      () => {
        this.#wasReady = true;
        this.changed();
      },
      (error: TidewireClientError) => {
        if (session !== this.#session) return;
        this.#isRefused = true;
        this.#failed(error);
      },
    );
  }

  #predicted(prediction: NamedPrediction, reading: NamedReading | undefined, roundTripMs: number | undefined): void {
    const { predictions, latencyMs, timestamp } = prediction;
    this.#prediction = prediction;
    this.#reading = reading;
    this.#roundTripMs = roundTripMs;
    this.#error = undefined;
    this.#count++;
    const time = timestamp?.getTime() ?? Date.now();
    this.#series.append(() => ({ ...predictions, latencyMs, roundTripMs }), {
      step: this.#count,
      epoch: Number.NaN,
      time,
    });
    this.changed();
  }

  #asked(by: 1 | -1): void {
    this.#pending += by;
    this.changed();
  }

  /** The same promise; what it rejects with is shown too. */
  #told<Value>(promise: Promise<Value>): Promise<Value> {
    return promise.catch((error) => {
      throw this.#failed(error);
    });
  }

  #failed(error: unknown): unknown {
    this.#error = error as TidewireClientError;
    this.changed();
    return error;
  }

  #link(): InferenceView["connection"] {
    if (this.#session?.info) return "live";
    if (this.#isRefused) return "stale";
    if (this.#session) return this.#wasReady ? "reconnecting" : "connecting";
    return this.#wasReady ? "stale" : "idle";
  }
}
