// A training run: its state, and its metrics and log lines for whoever reads them.
import type { TidewireEvent, TopicSnapshot } from "@tidewire/client";
import type { History, HistoryState } from "../series/history.js";
import { loadRecording, type Recording } from "../series/load.js";
import { LogBuffer } from "../series/log-buffer.js";
import { MetricStore } from "../series/metric-store.js";
import type { Store } from "./store.js";
import { TopicCell, type TopicView } from "./topic-cell.js";

/** What `useTraining` gives: also `epoch`, `totalEpochs`, `config` and `lastLog`, where they have been said. */
export interface TrainingView extends TopicView {
  /** Newest value of each metric. */
  readonly latest: Readonly<Record<string, number>>;
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
      if (!this.#history) this.load(loadRecording(), (recording) => this.#record(recording));
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
      latest: view.state?.metrics ?? {},
      metrics: this.#metrics,
      logs: this.#logs,
      history: this.#history?.state,
    };
  }

  #record({ History, recordRun }: Recording): void {
    if (this.#history) return;
    const recorder = recordRun(this.#metrics, this.#logs, () => this.changed());
    this.#history = new History(this.topic, ["log", "metrics"], this.store.client.topics, recorder);
    if (this.position) this.#history.reached(this.position);
  }
}
