// The one table of settings: flags, variables, keys of the file, --help and docs/configuration.md come from it.
import { availableParallelism } from "node:os";
import { ACCESS_SETTINGS } from "./access-settings.js";
import { RATE_SETTINGS } from "./limit-settings.js";
import { bytes, choice, integer, text, toggle } from "./setting.js";
import { STATS_SETTINGS } from "./stats-settings.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const DAY_MS = 86_400_000;
const MAX_ROWS = 1_048_576;

const path = { placeholder: "<path>", pattern: /^[^\0]+$/, allowed: "a path" } as const;

/** Where it listens and what it reads. */
export const SERVER_SETTINGS = {
  host: text({
    default: "127.0.0.1",
    placeholder: "<address>",
    pattern: /^[^\s/\0]+$/,
    allowed: "an address or a host name, without scheme and port",
    description: "address to listen on",
    reason: "Only this machine reaches it; another address needs a token, or --insecure.",
  }),
  port: integer({
    default: 8000,
    min: 0,
    max: 65_535,
    unit: "",
    description: "TCP port; 0 picks a free one",
    reason: "The port in use is a start-up error, never another port silently.",
  }),
  dataDir: text({
    ...path,
    default: ".tidewire",
    description: "folder for everything the server writes",
    reason: "The only place it writes to; no path a client gives leaves it.",
  }),
  models: text({
    ...path,
    default: "models",
    description: "folder of ensembles and models, a directory each",
    reason: "Read at start; a broken directory is reported and the others are served.",
  }),
  logLevel: choice({
    default: "info",
    choices: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    description: "least severe level that is logged",
    reason: "Nothing is logged per reading at info.",
  }),
  insecure: toggle({
    description: "listen on an address that others reach, without tokens",
    reason: "Said aloud, because anyone who reaches the port may then predict, publish and save.",
  }),
} as const;

/** What one client or all of them may use; each is answered with an error code when it is exceeded. */
export const LIMIT_SETTINGS = {
  maxFrameBytes: bytes({
    default: 16 * MIB,
    min: KIB,
    max: GIB,
    description: "largest WebSocket message from a client",
    reason: "Beyond it the connection closes with 1009; 4096 rows of 1000 float32 signals fit.",
  }),
  maxBodyBytes: bytes({
    default: 16 * MIB,
    min: KIB,
    max: GIB,
    description: "largest HTTP body from a client",
    reason: "Beyond it the reply is 413 FRAME_TOO_LARGE; the same size as a frame.",
  }),
  maxConnections: integer({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    unit: "connections",
    description: "open TCP connections",
    reason:
      "Beyond it 503 OVERLOADED before the upgrade; far beyond it a new one is closed at once. An idle one costs some 10 KiB.",
  }),
  maxInFlight: integer({
    default: 1024,
    min: 1,
    max: MAX_ROWS,
    unit: "requests",
    description: "unanswered requests of one connection before its socket is paused",
    reason:
      "Told to clients in config_ack; enough to fill a round trip of 10 ms at 100,000 requests a second. A binary log line of up to 4 KiB counts a quarter while no other connection speaks.",
  }),
  maxBatchRows: integer({
    default: 4096,
    min: 1,
    max: MAX_ROWS,
    unit: "rows",
    description: "readings in one predict_batch, and rows in one run of a model",
    reason: "Beyond it BATCH_TOO_LARGE; larger runs gain nothing and delay everyone else.",
  }),
  maxQueuedRows: integer({
    default: 262_144,
    min: 1,
    max: 16 * MAX_ROWS,
    unit: "rows",
    description: "rows that may wait for one model",
    reason: "Beyond it OVERLOADED, which is retryable: a later answer would be too late to be of use.",
  }),
  maxQueuedBytes: bytes({
    default: 4 * MIB,
    min: 64 * KIB,
    max: GIB,
    description: "unsent bytes of one connection before it is read no further; a subscriber closes with 4008",
    reason:
      "A peer that does not take its replies is asked for no further requests; one that does not take its events comes back and resumes.",
  }),
  maxInvalidFrames: integer({
    default: 100,
    min: 1,
    max: MAX_ROWS,
    unit: "frames",
    description: "invalid frames in a row before the connection closes with 4400",
    reason: "A peer that never sends a valid frame speaks another protocol.",
  }),
  maxSubscriptions: integer({
    default: 1024,
    min: 1,
    max: MAX_ROWS,
    unit: "subscriptions",
    description: "topics and patterns one connection may be subscribed to",
    reason: "Beyond it TOO_MANY_REQUESTS; a pattern covers any number of topics.",
  }),
  maxTopics: integer({
    default: 100_000,
    min: 1,
    max: 16 * MAX_ROWS,
    unit: "topics",
    description: "topics that exist at the same time",
    reason: "Beyond it a new one is OVERLOADED; the state of each, some 1 KiB, is kept in memory.",
  }),
  maxIdempotencyKeys: integer({
    default: 131_072,
    min: 0,
    max: 16 * MAX_ROWS,
    unit: "keys",
    description: "newest idempotency keys of publishes that are remembered",
    reason: "A publisher that repeats itself after a cut does so within its journal of 10,000; also across a restart.",
  }),
  maxInferBytes: bytes({
    default: 64 * MIB,
    min: KIB,
    max: GIB,
    description: "output of one infer",
    reason: "A small input can ask for a huge output; beyond it the request fails, not the server.",
  }),
  historyRows: integer({
    default: 10_000,
    min: 1,
    max: 16 * MAX_ROWS,
    unit: "rows",
    description: "newest readings and predictions kept for each session",
    reason: "Older rows are overwritten; 10,000 rows of 20 + 20 signals are 1.6 MiB.",
  }),
  historyBytes: bytes({
    default: 256 * MIB,
    min: 64 * KIB,
    max: 64 * GIB,
    description: "memory of all sessions' histories",
    reason: "When it is used up a history stops growing and wraps at the length it has.",
  }),
  closedHistories: integer({
    default: 100,
    min: 0,
    max: 100_000,
    unit: "histories",
    description: "histories of closed sessions that can still be saved",
    reason: "The oldest goes first.",
  }),
  closedHistoryMs: integer({
    default: 600_000,
    min: 0,
    max: DAY_MS,
    unit: "ms",
    description: "how long the history of a closed session can be saved",
    reason: "Ten minutes: time to notice that a stream has ended and to save it.",
  }),
} as const;

/** How events are kept. */
export const EVENT_SETTINGS = {
  eventLog: choice({
    default: "lmdb",
    choices: ["lmdb", "memory"],
    description: "where events are kept: in the data folder, or in memory until the server ends",
    reason: "lmdb survives kill -9; an event is acknowledged once it survives the loss of power.",
  }),
  segmentBytes: bytes({
    default: 64 * MIB,
    min: MIB,
    max: 16 * GIB,
    description: "size of one segment of the event log",
    reason: "Old events go by whole segments, never one by one.",
  }),
  segmentMaxAgeMs: integer({
    default: DAY_MS,
    min: 1000,
    max: 365 * DAY_MS,
    unit: "ms",
    description: "age after which a new segment is begun",
    reason: "So that retentionMaxAgeMs is kept to within a day.",
  }),
  retentionBytes: bytes({
    default: 4 * GIB,
    min: 2 * MIB,
    max: 16 * 1024 * GIB,
    description: "size of the event log beyond which the oldest segment goes",
    reason: "Some 30 million log lines; a topic of which nothing is left is forgotten.",
  }),
  retentionMaxAgeMs: integer({
    default: 30 * DAY_MS,
    min: 1000,
    max: 3650 * DAY_MS,
    unit: "ms",
    description: "age of its newest event at which a segment goes",
    reason: "A month of runs to look back at.",
  }),
  leaseMs: integer({
    default: 60_000,
    min: 100,
    max: DAY_MS,
    unit: "ms",
    description: "silence of a running run's publisher after which the run is lost",
    reason: "lost is not failed: the next event of the run brings it back.",
  }),
} as const;

/** Evaluations that the server runs itself. */
export const EVALUATION_SETTINGS = {
  maxEvaluations: integer({
    default: 2,
    min: 1,
    max: 64,
    unit: "jobs",
    description: "evaluations that run at once",
    reason: "Each keeps one request of a few hundred rows in its model's queue; more of them only take turns.",
  }),
  maxQueuedEvaluations: integer({
    default: 32,
    min: 0,
    max: 10_000,
    unit: "jobs",
    description: "evaluations that wait for their turn, uploads under way included",
    reason: "Beyond it OVERLOADED; each may hold an uploaded file.",
  }),
  maxUploadBytes: bytes({
    default: GIB,
    min: KIB,
    max: 1024 * GIB,
    description: "largest uploaded file",
    reason: "Beyond it FRAME_TOO_LARGE; it is streamed to the disk, never held in memory.",
  }),
  keptEvaluations: integer({
    default: 100,
    min: 1,
    max: 100_000,
    unit: "evaluations",
    description: "ended evaluations whose results are kept",
    reason: "The oldest goes first; its events stay in the log.",
  }),
  keptEvaluationBytes: bytes({
    default: 8 * GIB,
    min: MIB,
    max: 1024 * GIB,
    description: "size of all kept results",
    reason: "The oldest goes first.",
  }),
} as const;

/** How long it waits. */
export const TIME_SETTINGS = {
  pingIntervalMs: integer({
    default: 25_000,
    min: 1,
    max: DAY_MS,
    unit: "ms",
    description: "time between pings to a quiet peer",
    reason: "Below the 30 s to 60 s after which proxies drop a quiet connection.",
  }),
  idleTimeoutMs: integer({
    default: 60_000,
    min: 1,
    max: DAY_MS,
    unit: "ms",
    description: "silence, pongs included, after which a connection is closed",
    reason: "Two pings missed; must be longer than pingIntervalMs.",
  }),
  drainTimeoutMs: integer({
    default: 5000,
    min: 0,
    max: 600_000,
    unit: "ms",
    description: "time that requests under way have to finish when the server stops",
    reason: "Half of the 10 s that container runtimes wait before they kill.",
  }),
  maxQueueDelayUs: integer({
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: "µs",
    description: "how long a batch is held open for more rows",
    reason: "0: rows that arrive together are batched anyway; holding them only adds latency.",
  }),
} as const;

/** How models run. */
export const INFERENCE_SETTINGS = {
  executionProvider: text({
    default: "cpu",
    placeholder: "<name>",
    pattern: /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
    allowed: "a name of an ONNX Runtime execution provider, such as cpu, cuda or webgpu",
    description: "ONNX Runtime execution provider of all models",
    reason: "One that this machine lacks is a start-up error that says how to install it.",
  }),
  intraOpThreads: integer({
    default: Math.max(1, availableParallelism() - 1),
    defaultText: "cores − 1, at least 1",
    min: 1,
    max: 1024,
    unit: "threads",
    description: "threads of one run of a model",
    reason: "One core stays free for the event loop.",
  }),
  inlineLimitUs: integer({
    default: 200,
    min: 0,
    max: 1_000_000,
    unit: "µs",
    description: "cost of one row up to which a model runs on the event loop instead of in a worker thread",
    reason: "A change of thread costs some 80 µs; a longer run would delay every other connection.",
  }),
} as const;

/** All settings by key; a key is the file's, and `maxFrameBytes` is --max-frame-bytes and TIDEWIRE_MAX_FRAME_BYTES. */
export const SETTINGS = {
  ...SERVER_SETTINGS,
  ...ACCESS_SETTINGS,
  ...LIMIT_SETTINGS,
  ...RATE_SETTINGS,
  ...EVENT_SETTINGS,
  ...EVALUATION_SETTINGS,
  ...TIME_SETTINGS,
  ...INFERENCE_SETTINGS,
  ...STATS_SETTINGS,
} as const;

/** A key of the table. */
export type SettingKey = keyof typeof SETTINGS;

/** The table in sections, in the order people read it. */
export const SECTIONS = [
  { title: "Server", settings: SERVER_SETTINGS },
  { title: "Access", settings: ACCESS_SETTINGS },
  { title: "Limits", settings: LIMIT_SETTINGS },
  { title: "Rates", settings: RATE_SETTINGS },
  { title: "Events", settings: EVENT_SETTINGS },
  { title: "Evaluations", settings: EVALUATION_SETTINGS },
  { title: "Times", settings: TIME_SETTINGS },
  { title: "Inference", settings: INFERENCE_SETTINGS },
  { title: "Stats", settings: STATS_SETTINGS },
] as const;

/** Settings that one model may have of its own, in the file under `modelSettings.<name>`. */
export const MODEL_SETTINGS = {
  executionProvider: INFERENCE_SETTINGS.executionProvider,
  executor: choice({
    default: "auto",
    choices: ["auto", "inline", "worker"],
    description: "where the model runs: on the event loop, in a worker thread, or as its measured cost suggests",
    reason: "auto measures at load and compares with inlineLimitUs.",
  }),
  intraOpThreads: INFERENCE_SETTINGS.intraOpThreads,
  maxBatchRows: LIMIT_SETTINGS.maxBatchRows,
  maxQueueDelayUs: TIME_SETTINGS.maxQueueDelayUs,
} as const;

/** `maxFrameBytes` → `--max-frame-bytes`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `maxFrameBytes` → `TIDEWIRE_MAX_FRAME_BYTES`. */
export function variableOf(key: string): string {
  return `TIDEWIRE_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
