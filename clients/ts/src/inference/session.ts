// A connection that predicts with one ensemble.
import type { Environment } from "../connection/environment.js";
import { expectReply, type RequestBody } from "../connection/replies.js";
import { Waiters } from "../connection/waiters.js";
import type { WebSocketManager } from "../connection/websocket-manager.js";
import { clientClosed, type TidewireClientError } from "../errors.js";
import { given } from "../given.js";
import { lazy } from "../lazy.js";
import {
  isNamed,
  isPositional,
  isTimed,
  type Rows,
  toConfig,
  toNamedBatch,
  toNamedPrediction,
  toPositionalBatch,
  toPositionalPrediction,
  toPredict,
  toPredictBatch,
  toSessionInfo,
} from "./forms.js";
import { type RequestOptions, type RequestSettings, Requests, toTimeout } from "./requests.js";
import type { Readings } from "./stream.js";
import type { InferRequest, InferResult } from "./tensors.js";
import type * as types from "./types.js";

/** What not every page needs is loaded with its first use. */
const loadStream = lazy(() => import("./stream.js"));
const loadTensors = lazy(() => import("./tensors.js"));

type Reading = types.NamedReading | types.PositionalReading;
/** Both forms at once, for overloads: which one it is, the reading has said. */
type Prediction = types.NamedPrediction & types.PositionalPrediction;

/**
 * Predictions by one ensemble over a connection of its own. After a cut the configuration is sent again, and requests
 * go out once it is acknowledged. Requests may be made at any time; they wait for the connection in a bounded queue.
 */
export class InferenceSession implements AsyncDisposable {
  /** The connection, for its state and events. */
  readonly connection: WebSocketManager;
  readonly ensembleName: string;
  readonly #requests: Requests;
  #configuration: types.InferenceConfiguration;
  /** The change that was sent and is not answered; others wait for it. */
  #change: types.InferenceConfiguration | undefined;
  #info: types.SessionInfo | undefined;
  readonly #waiters = new Waiters<types.SessionInfo>();

  constructor(
    connection: WebSocketManager,
    ensembleName: string,
    configuration: types.InferenceConfiguration,
    settings: RequestSettings,
    environment: Environment,
  ) {
    this.connection = connection;
    this.ensembleName = ensembleName;
    this.#configuration = configuration;
    this.#requests = new Requests((frame) => connection.send(frame), settings, environment);
    connection.mayBeSilent = () => this.#requests.large;
    connection.on("connected", () => this.#introduce());
    connection.on("frame", (frame) => this.#requests.receive(frame));
    connection.on("disconnected", (event) => this.#ended(event));
    connection.on("connection_error", (event) => this.#ended(event));
    connection.connect().catch((error) => this.#refuse(error));
  }

  /** The configuration in force; undefined before the first, and during a cut. */
  get info(): types.SessionInfo | undefined {
    return this.#info;
  }

  /** Resolves once the configuration is acknowledged. @throws TidewireClientError when the server refuses it */
  ready(): Promise<types.SessionInfo> {
    const refusal = this.#requests.refusal;
    if (refusal) return Promise.reject(refusal);
    if (this.#info) return Promise.resolve(this.#info);
    return this.#waiters.wait();
  }

  /**
   * Changes the configuration for the requests that follow; what is left out stays. A refused change changes nothing.
   * One change is made after the other, each on what the last one left.
   */
  async configure(changes: types.InferenceConfiguration, options?: RequestOptions): Promise<types.SessionInfo> {
    const change = given(changes);
    let configuration = this.#configuration;
    const body = (): RequestBody | undefined => {
      this.#change ??= change;
      if (this.#change !== change) return undefined;
      configuration = { ...this.#configuration, ...change };
      return { $case: "config", value: toConfig(this.ensembleName, configuration) };
    };
    try {
      const value = expectReply(await this.#requests.request(body, options), "configAck");
      this.#configuration = configuration;
      this.#info = toSessionInfo(value);
      return this.#info;
    } finally {
      if (this.#change === change) this.#change = undefined;
      this.#requests.flush();
    }
  }

  /** Predicts one reading, in the form in which it comes. @throws TidewireClientError */
  predict(reading: types.NamedReading, options?: types.PredictOptions): Promise<types.NamedPrediction>;
  predict(reading: types.PositionalReading, options?: types.PredictOptions): Promise<types.PositionalPrediction>;
  predict(reading: Reading, options?: types.PredictOptions): Promise<Prediction> {
    return this.#predict(reading, options);
  }

  /**
   * Predicts several readings at once, in the form in which they come. Row i of the result belongs to row i.
   *
   * @param rows named, positional, or one row-major matrix; borrowed until the promise settles
   * @throws TidewireClientError
   */
  predictBatch(rows: readonly types.NamedReading[], options?: types.BatchOptions): Promise<types.NamedBatch>;
  predictBatch(
    rows: readonly types.PositionalReading[] | Float32Array,
    options?: types.BatchOptions,
  ): Promise<types.PositionalBatch>;
  async predictBatch(rows: Rows, options: types.BatchOptions = {}) {
    const reply = await this.#requests.request(toPredictBatch(rows, options), options);
    const value = expectReply(reply, "predictionBatch");
    return isNamed(rows) ? toNamedBatch(value) : toPositionalBatch(value);
  }

  /**
   * Runs a model on named tensors, whatever its inputs are. The first call loads the code of tensors.
   *
   * @param request its inputs are borrowed until the promise settles
   * @throws TidewireClientError
   */
  async infer({ signal, timeoutMs, ...request }: InferRequest): Promise<InferResult> {
    const options = given({ signal, timeoutMs });
    let turn = (): RequestBody | undefined => undefined;
    const making = loadTensors()
      .then(({ fromInferResult, toInfer }) => {
        const body = toInfer(request, toTimeout(options));
        turn = () => body;
        return fromInferResult;
      })
      .catch((error) => {
        turn = () => {
          throw error;
        };
        throw error;
      })
      .finally(() => this.#requests.flush());
    // Its place among the requests is taken at once; it and all behind it wait for the code.
    const [reply, fromInferResult] = await Promise.all([this.#requests.request(() => turn(), options), making]);
    return fromInferResult(expectReply(reply, "inferResult"));
  }

  /**
   * Predicts readings as they come, many in flight, and yields the predictions in their order. A reader that is slow
   * slows the source. Ends with the source; ends the source when the reader leaves. A reading may come with its
   * timestamp, as `{ reading, timestamp }`.
   *
   * @throws TidewireClientError the first failure, what the source throws, or the signal's reason
   */
  stream(
    readings: Readings<types.NamedReading | types.TimedReading<types.NamedReading>>,
    options?: types.StreamOptions,
  ): AsyncGenerator<types.NamedPrediction, void, undefined>;
  stream(
    readings: Readings<types.PositionalReading | types.TimedReading<types.PositionalReading>>,
    options?: types.StreamOptions,
  ): AsyncGenerator<types.PositionalPrediction, void, undefined>;
  async *stream(
    readings: Readings<never>,
    { inFlight = Number.POSITIVE_INFINITY, ...options }: types.StreamOptions = {},
  ): AsyncGenerator<Prediction, void, undefined> {
    const { pipeline } = await loadStream();
    yield* pipeline<Reading | types.TimedReading<Reading>, Prediction>(readings, {
      start: (item) =>
        isTimed(item)
          ? this.#predict(item.reading, { ...options, timestamp: item.timestamp })
          : this.#predict(item, options),
      limit: () => Math.min(inFlight, this.#requests.limit),
      signal: options.signal,
    });
  }

  /** Closes the connection; requests without a reply reject with CLIENT_CLOSED. */
  close(): Promise<void> {
    this.#refuse(clientClosed("session"));
    return this.connection.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #predict(reading: Reading, options: types.PredictOptions = {}): Promise<Prediction> {
    const value = expectReply(await this.#requests.request(toPredict(reading, options), options), "prediction");
    return (isPositional(reading) ? toPositionalPrediction(value) : toNamedPrediction(value)) as Prediction;
  }

  /** Sends the configuration before anything else goes out on a new connection. */
  async #introduce(): Promise<void> {
    const body: RequestBody = { $case: "config", value: toConfig(this.ensembleName, this.#configuration) };
    try {
      const value = expectReply(await this.#requests.direct(body), "configAck");
      this.#info = toSessionInfo(value);
      this.#requests.open(value.maxInFlight);
      this.#waiters.resolve(this.#info);
    } catch (error) {
      this.#failed(error as TidewireClientError);
    }
  }

  #failed(error: TidewireClientError): void {
    // The connection's own end is told by its event; what comes after it is told there.
    if (!this.connection.isConnected() || error.code === "CONNECTION_LOST") return;
    if (error.retryable) {
      this.connection.drop(error.code, error);
      return;
    }
    this.#refuse(error);
    void this.connection.disconnect();
  }

  #ended({ error, willReconnect }: { readonly error: TidewireClientError; readonly willReconnect: boolean }): void {
    this.#info = undefined;
    if (willReconnect) this.#requests.cut(error);
    // Whoever closed the connection for a reason has told it already.
    else if (this.#requests.refusal === undefined) this.#refuse(error);
  }

  #refuse(error: TidewireClientError): void {
    this.#info = undefined;
    this.#requests.shut(error);
    this.#waiters.reject(error);
  }
}
