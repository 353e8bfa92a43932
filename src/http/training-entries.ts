// What training runs say: log lines and measured values, posted and read.
import type { FastifyInstance } from "fastify";
import { type Event, LogLevel, type Metrics } from "../../generated/ts/tidewire/v1/events.js";
import type { LogEntry, LogPost, MetricsEntry, MetricsPost } from "../../generated/ts/tidewire/v1/http.js";
import type { Publish } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import type { HttpDependencies } from "./dependencies.js";
import { publishEntries, readEntries } from "./entries.js";
import { readPage } from "./pages.js";
import { readQuery } from "./query.js";
import { send } from "./reply.js";
import { CHANGES_RUN, LOGS, type RunPath, SEES_RUN, viewOf } from "./training.js";

type EntryDependencies = Pick<HttpDependencies, "events" | "publisher">;

/** POST `…/{id}/log` and `…/{id}/metrics`, GET `…/{id}` and `…/{id}/metrics`. A run that is not there is SESSION_NOT_FOUND, whatever the body. */
export function registerTrainingEntries(app: FastifyInstance, { events, publisher }: EntryDependencies): void {
  const options = { config: { ...CHANGES_RUN.config, takesLines: true } };

  app.post<RunPath>(`${LOGS}/:id/log`, options, async (request, reply) => {
    const { topic } = viewOf(events, request.params.id);
    const entries = readEntries("LogPost", request.body);
    return publishEntries(reply, publisher, entries, (entry) => logOf(topic, entry));
  });

  app.post<RunPath>(`${LOGS}/:id/metrics`, options, async (request, reply) => {
    const { topic } = viewOf(events, request.params.id);
    const entries = readEntries("MetricsPost", request.body);
    for (const [i, entry] of entries.all.entries()) if (!hasMetrics(entry)) throw entries.place(noMetrics(), i);
    return publishEntries(reply, publisher, entries, (entry) => metricsOf(topic, entry));
  });

  app.get<RunPath>(`${LOGS}/:id`, SEES_RUN, async (request, reply) => {
    const { topic } = viewOf(events, request.params.id);
    const { level, ...asked } = readQuery("ReadLog", request.query);
    return send(reply, "LogPage", await readPage(events, topic, asked, (event) => toLogEntry(event, level)));
  });

  app.get<RunPath>(`${LOGS}/:id/metrics`, SEES_RUN, async (request, reply) => {
    const { topic } = viewOf(events, request.params.id);
    const { name, ...asked } = readQuery("ReadMetrics", request.query);
    return send(reply, "MetricsPage", await readPage(events, topic, asked, (event) => toMetricsEntry(event, name)));
  });
}

function logOf(topic: string, { level, message, source, timestamp, idempotencyKey }: LogPost): Publish {
  return { topic, timestamp, idempotencyKey, kind: { $case: "log", value: { level, message, source } } };
}

function metricsOf(topic: string, { metrics, epoch, step, timestamp, idempotencyKey }: MetricsPost): Publish {
  const value = { metrics, epoch, step, metricNames: [], metricValues: [] };
  return { topic, timestamp, idempotencyKey, kind: { $case: "metrics", value } };
}

function hasMetrics({ metrics }: MetricsPost): boolean {
  return Object.keys(metrics).length > 0;
}

function noMetrics(): TidewireError {
  return new TidewireError("INVALID_MESSAGE", "metrics: expected at least one value by name", { field: "metrics" });
}

function toLogEntry(
  { kind, offset, timestamp }: Event,
  least: LogLevel = LogLevel.LOG_LEVEL_UNSPECIFIED,
): LogEntry | undefined {
  if (kind?.$case !== "log") return undefined;
  const { level, message = "", source } = kind.value;
  if ((level ?? LogLevel.LOG_LEVEL_UNSPECIFIED) < least) return undefined;
  return { offset, timestamp, level, message, source };
}

/** The whole entry, or only the metric that is asked for where the entry has it. */
function toMetricsEntry({ kind, offset, timestamp }: Event, only: string | undefined): MetricsEntry | undefined {
  if (kind?.$case !== "metrics") return undefined;
  const { epoch, step } = kind.value;
  const metrics = byName(kind.value);
  if (only === undefined) return { offset, timestamp, epoch, step, metrics };
  if (!Object.hasOwn(metrics, only)) return undefined;
  return { offset, timestamp, epoch, step, metrics: { [only]: metrics[only] as number } };
}

/** The values of both of the schema's forms: the map, and the two lists of clients without maps. */
function byName({ metrics, metricNames, metricValues }: Metrics): Record<string, number> {
  if (metricNames.length === 0) return metrics;
  const listed = metricNames.map((name, i) => [name, metricValues[i] ?? Number.NaN] as const);
  return { ...Object.fromEntries(listed), ...metrics };
}
