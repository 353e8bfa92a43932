// What fills buffers, and fetches what was before: loaded when somebody reads one for the first time.
import type { TidewireEvent } from "@tidewire/client";
import type { Recorder } from "./history.js";
import { LineRing } from "./line-ring.js";
import type { LogBuffer } from "./log-buffer.js";
import type { MetricStore } from "./metric-store.js";
import { MetricTable } from "./metric-table.js";

export { EventBuffer } from "./event-buffer.js";
export { figuresOf } from "./figures.js";
export { History } from "./history.js";
export { MetricTable } from "./metric-table.js";

/** Fills both buffers with a run's events. @param told the history's state is another */
export function recordRun(metrics: MetricStore, logs: LogBuffer, told: () => void): Recorder {
  const [table, ring] = [new MetricTable(), new LineRing()];
  const [metricsChanged, logsChanged] = [metrics.fill(table), logs.fill(ring)];
  const put = (how: "append" | "prepend", event: TidewireEvent): void => {
    const { position, timestamp } = event;
    const time = timestamp.getTime();
    if (event.type === "metrics") {
      const { step = Number.NaN, epoch = Number.NaN } = event;
      table[how](event.metrics, { step, epoch, time });
      metricsChanged();
    } else if (event.type === "log") {
      const { level = "INFO", message = "", source } = event;
      ring[how]({ seq: position.offset, time, level, message, source });
      logsChanged();
    }
  };
  return {
    told,
    append: (event) => put("append", event),
    prepend: (event) => put("prepend", event),
    room: () => {
      const types: ("log" | "metrics")[] = [];
      if (!ring.isFull) types.push("log");
      if (!table.isFull) types.push("metrics");
      return types.length > 0 ? types : undefined;
    },
    clear: () => {
      table.clear();
      ring.clear();
      metricsChanged();
      logsChanged();
    },
  };
}
