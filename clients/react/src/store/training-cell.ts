// A training run: its state, and its metrics and log lines for whoever reads them.
import type { TidewireEvent, TopicSnapshot, TopicState } from "@tidewire/client";
import { History, type HistoryState } from "../series/history.js";
import { LogBuffer } from "../series/log-buffer.js";
import { MetricStore } from "../series/metric-store.js";
import type { Store } from "./store.js";
import { type LastLog, TopicCell, type TopicView } from "./topic-cell.js";

/** What `useTraining` gives. */
export interface TrainingView extends TopicView {
  readonly epoch: number | undefined;
  readonly totalEpochs: number | undefined;
  /** Newest value of each metric. */
  readonly latest: Readonly<Record<string, number>>;
  readonly lastLog: LastLog | undefined;
  /** What the run was started with. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
  /** All measured values, for charts: the same object for the run's life on the page; read it in its listener. */
  readonly metrics: MetricStore;
  /** All lines, for a log view: the same object for the run's life on the page; read it in its listener. */
  readonly logs: LogBuffer;
  /** How much of the past is in `metrics` and `logs`; undefined as long as nobody listens to them. */
  readonly history: HistoryState | undefined;
}

/** The past is fetched, and both buffers are filled, from the first listener of either on. */
export class TrainingCell extends TopicCell<TrainingView> {
  readonly #metrics: MetricStore;
  readonly #logs: LogBuffer;
  #history: History | undefined;

  constructor(key: string, topic: string, store: Store) {
    super(key, topic, store);
    const retain = () => {
      this.#record();
      return this.subscribe(() => {});
    };
    this.#metrics = new MetricStore(store.frames, retain);
    this.#logs = new LogBuffer(store.frames, retain);
  }

  protected override event(event: TidewireEvent): void {
    super.event(event);
    this.#history?.event(event);
  }

  protected override snapshot(snapshot: TopicSnapshot): void {
    super.snapshot(snapshot);
    this.#history?.reached(snapshot.position);
  }

  protected override stop(): void {
    super.stop();
    this.#history?.stop();
  }

  protected override present(): TrainingView {
    const view = this.view();
    return {
      ...view,
      ...factsOf(view.state),
      metrics: this.#metrics,
      logs: this.#logs,
      history: this.#history?.state,
    };
  }

  #record(): void {
    if (this.#history) return;
    const told = () => this.changed();
    const recorder = { ...recordInto(this.#metrics, this.#logs), told };
    this.#history = new History(this.topic, ["log", "metrics"], this.store.client.topics, recorder);
    if (this.position) this.#history.reached(this.position);
  }
}

function factsOf(state: TopicState | undefined) {
  return {
    epoch: state?.epoch,
    totalEpochs: state?.totalEpochs,
    latest: state?.metrics ?? {},
    lastLog: state?.lastLog,
    config: state?.config,
  };
}

function recordInto(metrics: MetricStore, logs: LogBuffer) {
  const put = (how: "append" | "prepend", event: TidewireEvent): boolean => {
    const { position, timestamp } = event;
    const time = timestamp.getTime();
    if (event.type === "metrics") {
      const { step = Number.NaN, epoch = Number.NaN } = event;
      return metrics[how](event.metrics, { step, epoch, time }) !== false;
    }
    if (event.type !== "log") return true;
    const { level = "INFO", message = "", source } = event;
    return logs[how]({ seq: position.offset, time, level, message, source }) !== false;
  };
  return {
    append: (event: TidewireEvent) => void put("append", event),
    prepend: (event: TidewireEvent) => put("prepend", event),
    clear: () => {
      metrics.clear();
      logs.clear();
    },
  };
}
