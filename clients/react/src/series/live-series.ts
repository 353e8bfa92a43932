// Values that are told once and kept nowhere else: they are kept here as long as somebody reads them.
import type { Readable } from "../store/cell.js";
import type { Frames } from "../store/frames.js";
import { loadRecording, type Recording } from "./load.js";
import { MetricStore } from "./metric-store.js";
import type { MetricTable, PointPlace } from "./metric-table.js";

/** A store that its owner fills; what comes before its first listener is not kept. */
export class LiveSeries {
  readonly store: MetricStore;
  #filling: { readonly recording: Recording; readonly table: MetricTable; readonly changed: () => void } | undefined;

  /**
   * @param owner  is kept going while somebody reads
   * @param failed the code that keeps values could not be loaded; the next listener has it tried again
   */
  constructor(frames: Frames, owner: Pick<Readable<unknown>, "subscribe">, failed: (error: unknown) => void) {
    this.store = new MetricStore(frames, () => {
      if (!this.#filling) loadRecording().then((recording) => this.#fill(recording), failed);
      return owner.subscribe(() => {});
    });
  }

  /** @param values measured together; not asked for when nobody reads them. What is undefined was not measured. */
  append(values: (recording: Recording) => Readonly<Record<string, number | undefined>>, place: PointPlace): void {
    if (!this.#filling) return;
    const { recording, table, changed } = this.#filling;
    table.append(values(recording), place);
    changed();
  }

  #fill(recording: Recording): void {
    if (this.#filling) return;
    const table = new recording.MetricTable();
    this.#filling = { recording, table, changed: this.store.fill(table) };
  }
}
