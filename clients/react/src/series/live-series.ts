// Values that are told once and kept nowhere else: they are kept here as long as somebody reads them.
import type { Frames } from "../store/frames.js";
import { loadRecording } from "./load.js";
import { MetricStore } from "./metric-store.js";
import type { MetricTable, PointPlace } from "./metric-table.js";
import type { Retain } from "./source.js";

/** A store that its owner fills; what comes before its first listener is not kept. */
export class LiveSeries {
  readonly store: MetricStore;
  #table: MetricTable | undefined;
  #changed = () => {};

  /** @param failed the code that keeps values could not be loaded; the next listener has it tried again */
  constructor(frames: Frames, retain: Retain, failed: (error: unknown) => void) {
    this.store = new MetricStore(frames, () => {
      if (!this.#table) loadRecording().then(({ MetricTable }) => this.#fill(new MetricTable()), failed);
      return retain();
    });
  }

  /** @param values measured together; not asked for when nobody reads them */
  append(values: () => Readonly<Record<string, number>>, place: PointPlace): void {
    if (!this.#table) return;
    this.#table.append(values(), place);
    this.#changed();
  }

  #fill(table: MetricTable): void {
    if (this.#table) return;
    this.#table = table;
    this.#changed = this.store.fill(table);
  }
}
