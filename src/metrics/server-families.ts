// The server as a whole.
import { type Family, histogram, single } from "./family.js";

export const SERVER_FAMILIES: readonly Family[] = [
  {
    name: "tidewire_build_info",
    type: "gauge",
    help: "Always 1; the labels tell the versions.",
    labels: ["version", "node"],
    read: ({ version }) => [{ labels: [version, process.version], value: 1 }],
  },
  histogram(
    "tidewire_loop_delay_seconds",
    "How late the event loop is, looked at ten times a second.",
    (s) => s.loop.delays,
  ),
  single("gauge", "tidewire_data_free_bytes", "Free space of the file system that holds the data folder.", (s) =>
    s.freeBytes(),
  ),
  single("gauge", "tidewire_evaluations_running", "Evaluations that run.", (s) => s.evaluations.queue.running),
  single(
    "gauge",
    "tidewire_evaluations_queued",
    "Evaluations that wait for their turn, or are uploaded.",
    (s) => s.evaluations.queue.waiting,
  ),
];
