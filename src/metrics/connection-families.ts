// Connections, frames, HTTP requests, and errors.
import { type Family, type Sample, single } from "./family.js";
import type { Measured } from "./measured.js";

function* errors({ traffic, http }: Measured): Generator<Sample> {
  for (const [code, value] of traffic.errors.entries()) yield { labels: ["stream", code], value };
  for (const [code, value] of http.errors.entries()) yield { labels: ["http", code], value };
}

function* replies({ http }: Measured): Generator<Sample> {
  for (const { method, route, statuses } of http.routes)
    for (const [status, value] of statuses) yield { labels: [method, route, String(status)], value };
}

export const CONNECTION_FAMILIES: readonly Family[] = [
  {
    name: "tidewire_connections",
    type: "gauge",
    help: "Open WebSocket connections by path and encoding: proto, json, or none before the first frame decides.",
    labels: ["path", "encoding"],
    read: ({ sessions }) =>
      sessions.kinds().map(({ path, encoding, count }) => ({ labels: [path, encoding], value: count })),
  },
  single("gauge", "tidewire_connections_limit", "TCP connections that may be open.", (s) => s.limits.maxConnections),
  single(
    "gauge",
    "tidewire_unsent_bytes",
    "Bytes that wait for the network, over all WebSockets.",
    (s) => s.sessions.queuedBytes,
  ),
  single("counter", "tidewire_received_frames_total", "WebSocket messages received.", (s) => s.traffic.framesIn),
  single("counter", "tidewire_sent_frames_total", "WebSocket messages sent.", (s) => s.traffic.framesOut),
  single("counter", "tidewire_received_bytes_total", "Bytes of WebSocket messages received.", (s) => s.traffic.bytesIn),
  single("counter", "tidewire_sent_bytes_total", "Bytes of WebSocket messages sent.", (s) => s.traffic.bytesOut),
  single(
    "counter",
    "tidewire_dropped_frames_total",
    "Pushes that readers were not told because they are slow.",
    (s) => s.traffic.droppedFrames,
  ),
  single(
    "counter",
    "tidewire_slow_consumer_closes_total",
    "Connections closed because their reader is too slow.",
    (s) => s.traffic.slowConsumerCloses,
  ),
  {
    name: "tidewire_errors_total",
    type: "counter",
    help: "Errors told to clients by code: on streams (WebSocket, Server-Sent Events) or in replies of HTTP.",
    labels: ["transport", "code"],
    read: errors,
  },
  {
    name: "tidewire_http_requests_total",
    type: "counter",
    help: "HTTP requests answered by method, route and status; upgrades and event streams are none.",
    labels: ["method", "route", "status"],
    read: replies,
  },
  {
    name: "tidewire_http_request_duration_seconds",
    type: "histogram",
    help: "Time from the arrival of an HTTP request's head to the end of its reply.",
    labels: ["method", "route"],
    read: ({ http }) =>
      Array.from(http.routes, ({ method, route, durations }) => ({ labels: [method, route], value: durations })),
  },
];
