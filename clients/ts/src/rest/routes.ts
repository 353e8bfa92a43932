// The HTTP routes, by group. Loaded with the first request: predictions and subscriptions do without.
import type { MessageName } from "../../../../generated/ts/schema.js";
import type { Token } from "../connection/settings.js";
import { type Position, toEvent, toSnapshot } from "../progress/events.js";
import { toPublish } from "../progress/publishing.js";
import { writeJson } from "../wire/json-write.js";
import { type Message, planOf } from "../wire/plan.js";
import { HttpClient, type HttpOptions, toBody, toQuery } from "./http.js";
import type * as types from "./types.js";

const LOGS = "/api/v1/training/logs";
const TOPICS = "/api/v1/topics";
const EVALUATIONS = "/api/v1/evaluations";
const STREAM = "/api/v1/inference/stream";

/** All groups, over one server. */
export function createRoutes(baseURL: string, token: Token | undefined): types.Routes {
  const http = new HttpClient(baseURL, token);
  return {
    ensembles: ensembles(http),
    training: training(http),
    evaluations: evaluations(http),
    tasks: { cancel: (project, task, reason, options) => cancel(http, "tasks", [project, task], reason, options) },
    workflows: {
      cancel: (workflow, execution, reason, options) =>
        cancel(http, "workflows", [workflow, execution], reason, options),
    },
    topics: topics(http),
    events: {
      publish: async (topic, event, options = {}) => {
        const publish = toPublish(topic, event, options) as unknown as Message;
        return http.request(
          "POST",
          "/api/v1/events",
          "Published",
          options,
          JSON.stringify(writeJson(planOf("Publish"), publish)),
        );
      },
    },
    server: {
      inferenceStats: (options) => http.request("GET", `${STREAM}/stats`, "StreamStats", options),
      connectionStats: (options) => http.request("GET", "/api/v1/ws/stats", "WsStats", options),
      saveHistory: (request, options) =>
        http.request("POST", `${STREAM}/save`, "HistorySaved", options, toBody("SaveHistory", request)),
      health: (options) => http.request("GET", "/health", "Health", options),
    },
  };
}

function ensembles(http: HttpClient): types.Ensembles {
  return {
    list: async (options) => {
      const path = "/api/v1/ensemble/list";
      const { ensembles } = await http.request<{ ensembles: types.EnsembleDescription[] }>(
        "GET",
        path,
        "EnsembleList",
        options,
      );
      return ensembles;
    },
    info: (name, options) =>
      http.request("GET", `/api/v1/ensemble/${segment(name)}/info`, "EnsembleDescription", options),
  };
}

function training(http: HttpClient): types.Training {
  const run = (id: string) => `${LOGS}/${segment(id)}`;
  const post = <Entry extends object>(what: string, type: MessageName) => {
    async function append(id: string, entry: object, options?: HttpOptions): Promise<Position | readonly Position[]> {
      const path = `${run(id)}/${what}`;
      if (!Array.isArray(entry)) return http.request("POST", path, "Published", options, toBody(type, entry));
      const body = `[${entry.map((each) => toBody(type, each))}]`;
      const { positions } = await http.request<{ positions: Position[] }>("POST", path, "PublishedList", options, body);
      return positions;
    }
    // One entry in, one position out; a list in, a list out.
    return append as types.Append<Entry>;
  };
  return {
    createSession: (session, options) =>
      http.request("POST", `${LOGS}/session`, "TrainingSession", options, toBody("CreateTrainingSession", session)),
    setStatus: async (id, status, message, options) =>
      http.request(
        "PUT",
        `${run(id)}/status`,
        "TrainingSession",
        options,
        toBody("SetTrainingStatus", { status, message }),
      ),
    log: post<types.LogInput>("log", "LogPost"),
    metrics: post<types.MetricsInput>("metrics", "MetricsPost"),
    getLogs: (id, { signal, ...query } = {}) => http.request("GET", run(id) + toQuery(query), "LogPage", { signal }),
    getMetrics: (id, { signal, ...query } = {}) =>
      http.request("GET", `${run(id)}/metrics${toQuery(query)}`, "MetricsPage", { signal }),
    getInfo: (id, options) => http.request("GET", `${run(id)}/info`, "TrainingSession", options),
    list: ({ signal, ...query } = {}) =>
      http.request("GET", `${LOGS}/sessions${toQuery(query)}`, "TrainingSessionList", { signal }),
    remove: async (id, options) => {
      await http.request("DELETE", run(id), "TrainingSessionRemoved", options);
    },
  };
}

function evaluations(http: HttpClient): types.Evaluations {
  const one = (id: string) => `${EVALUATIONS}/${segment(id)}`;
  return {
    start: async ({ file, ...request }, options) =>
      http.request(
        "POST",
        EVALUATIONS,
        "Evaluation",
        options,
        file ? formOf(file, request) : toBody("StartEvaluation", request),
      ),
    list: async (options) => {
      const { evaluations } = await http.request<{ evaluations: types.Evaluation[] }>(
        "GET",
        EVALUATIONS,
        "EvaluationList",
        options,
      );
      return evaluations;
    },
    get: (id, options) => http.request("GET", one(id), "Evaluation", options),
    result: async (id, { signal } = {}) => {
      const init = { headers: { accept: "text/csv" }, signal: signal ?? null };
      return (await http.fetch(`${one(id)}/result`, init)).blob();
    },
    cancel: (id, reason, options) => cancel(http, "evaluations", [id], reason, options),
    remove: async (id, { signal } = {}) => {
      await http.fetch(one(id), { method: "DELETE", signal: signal ?? null });
    },
  };
}

function formOf(file: Blob, request: object): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(JSON.parse(toBody("StartEvaluation", request)) as Message))
    form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  form.append("file", file);
  return form;
}

function topics(http: HttpClient): types.Topics {
  const one = (topic: string) => `${TOPICS}/${segment(topic)}`;
  return {
    list: ({ signal, ...query } = {}) => http.request("GET", TOPICS + toQuery(query), "TopicList", { signal }),
    get: async (topic, options) => toSnapshot(await http.read("GET", one(topic), "Snapshot", options)),
    events: async (topic, { signal, minLevel, ...query } = {}) => {
      const path = `${one(topic)}/events${toQuery({ ...query, min_level: minLevel })}`;
      const { generation, entries, next } = await http.read("GET", path, "EventPage", { signal });
      return { generation, entries: entries.flatMap((entry) => toEvent(entry) ?? []), next };
    },
  };
}

async function cancel(
  http: HttpClient,
  group: string,
  names: readonly string[],
  reason: string | undefined,
  options: HttpOptions | undefined,
): Promise<void> {
  const path = `/api/v1/${group}/${names.map(segment).join("/")}/cancel`;
  await http.request("POST", path, "CancelAccepted", options, toBody("RequestCancel", { reason }));
}

function segment(name: string): string {
  return encodeURIComponent(name);
}
