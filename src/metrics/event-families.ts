// Topics, subscriptions, and the event log.
import { type Family, histogram, single } from "./family.js";

export const EVENT_FAMILIES: readonly Family[] = [
  single("counter", "tidewire_events_appended_total", "Events appended to the log.", (s) => s.broker.meter.events),
  single(
    "counter",
    "tidewire_events_appended_bytes_total",
    "Bytes of events appended to the log.",
    (s) => s.broker.meter.bytes,
  ),
  {
    name: "tidewire_events_refused_total",
    type: "counter",
    help: "Events that could not be kept, by what failed: append, or the flush after it.",
    labels: ["step"],
    read: ({ broker }) => Array.from(broker.meter.failures.entries(), ([step, value]) => ({ labels: [step], value })),
  },
  histogram(
    "tidewire_event_commit_seconds",
    "Time until the events of a turn survive the death of the process.",
    (s) => s.broker.meter.commits,
  ),
  histogram(
    "tidewire_event_flush_seconds",
    "Time until the events of a turn survive the loss of power.",
    (s) => s.broker.meter.flushes,
  ),
  histogram(
    "tidewire_event_fan_out_seconds",
    "Time until an event was handed to the sockets of those who listen live.",
    (s) => s.broker.meter.fanOuts,
  ),
  single(
    "gauge",
    "tidewire_event_log_pending_bytes",
    "Bytes of events accepted and not durable yet.",
    (s) => s.broker.held.pendingBytes,
  ),
  single("gauge", "tidewire_event_log_bytes", "Size of the event log.", (s) => s.broker.log.extent.bytes),
  single("gauge", "tidewire_event_log_segments", "Segments of the event log.", (s) => s.broker.log.extent.segments),
  single("gauge", "tidewire_event_log_failing", "1 while no event can be kept, else 0.", (s) =>
    s.broker.failure() ? 1 : 0,
  ),
  single("gauge", "tidewire_topics", "Topics, those of hosts included.", (s) => s.broker.held.topics),
  single("gauge", "tidewire_topics_limit", "Topics that may be; beyond it OVERLOADED.", (s) => s.limits.maxTopics),
  single(
    "gauge",
    "tidewire_subscriptions",
    "Subscriptions of all connections and event streams.",
    (s) => s.broker.hub.size,
  ),
];
