// What happens to every operation of the HTTP interface: each is done well, and refused with each of its errors. What
// is asked and replied here is what the document shows as examples.
import type { ErrorCode } from "../../src/errors.js";
import type { JsonObject, JsonValue } from "../../src/wire/json.js";

/** A request of an operation, and what must come of it. */
export interface Scene {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly body?: JsonValue;
  readonly form?: FormData;
  readonly status?: number;
  readonly code?: ErrorCode;
}

/** Plays one, and gives the reply's JSON. */
export type Play = (operation: string, scene: Scene) => Promise<JsonObject>;

/** What is there before the first scene. */
export interface Stage {
  /** A session that has streamed readings. */
  readonly sessionId: string;
  /** CSV files in the data directory: with a row to predict, without any, and without the columns that it takes. */
  readonly csv: { readonly row: string; readonly empty: string; readonly narrow: string };
  /** Resolves once an evaluation has ended. */
  ended(id: string): Promise<void>;
}

const RUN = { id: "run_7" };
const LINES =
  '{"level":"WARNING","message":"loss is not falling"}\n{"level":"DEBUG","message":"learning rate 0.005"}\n';

/** All scenes, in an order in which each finds what it needs. */
export async function playAll(play: Play, stage: Stage): Promise<void> {
  await server(play);
  await models(play, stage);
  await beginRuns(play);
  await reportRuns(play);
  await readRuns(play);
  await topics(play);
  await cancels(play);
  await evaluations(play, stage);
  await play("removeRun", { path: RUN });
  await play("removeRun", { path: RUN, code: "SESSION_NOT_FOUND" });
  await play("removeRun", { path: { id: "a.b" }, code: "INVALID_TOPIC" });
}

async function server(play: Play): Promise<void> {
  const ids = ["health", "healthLive", "healthReady", "socketStats", "schema"];
  await play("createToken", {
    body: { scopes: ["subscribe:training.run_7"], ttl_seconds: 600 },
    code: "PERMISSION_DENIED",
  });
  await play("createToken", { body: { scopes: "admin" }, code: "INVALID_MESSAGE" });
  await play("metrics", { headers: { accept: "application/openmetrics-text" } });
  for (const id of [...ids, "metrics", "docs", "openapi", "openapiYaml", "asyncapi", "socketDocs"]) await play(id, {});
  await play("schemaFile", { path: { path: "tidewire/v1/frame.proto" } });
  await play("schemaFile", { path: { path: "tidewire/v1/none.proto" }, code: "NOT_FOUND" });
}

async function models(play: Play, { sessionId }: Stage): Promise<void> {
  await play("listEnsembles", {});
  await play("describeEnsemble", { path: { name: "gas_turbine" } });
  await play("describeEnsemble", { path: { name: "pump" }, code: "ENSEMBLE_NOT_FOUND" });
  await play("streamStats", {});
  const save = (session_id: string, output_dir: string) => ({ session_id, output_dir, format: "csv" });
  await play("saveHistory", { body: save(sessionId, "exports") });
  await play("saveHistory", { body: save("session_none", "exports"), code: "SESSION_NOT_FOUND" });
  await play("saveHistory", { body: save(sessionId, "../elsewhere"), code: "INVALID_PATH" });
  await play("saveHistory", { body: { session_id: sessionId, format: "xlsx" }, code: "INVALID_MESSAGE" });
}

async function beginRuns(play: Play): Promise<void> {
  const run = { experiment_id: RUN.id, config: { learning_rate: 0.01 }, total_epochs: 10 };
  await play("createRun", { body: run, status: 201 });
  await play("createRun", { body: run, code: "SESSION_EXISTS" });
  await play("createRun", { body: { experiment_id: "no spaces" }, code: "INVALID_TOPIC" });
  await play("createRun", { body: { experiment_id: 5 }, code: "INVALID_MESSAGE" });
  await play("listRuns", { query: { limit: "10" } });
  await play("listRuns", { query: { limit: "0" }, code: "INVALID_MESSAGE" });
  await play("describeRun", { path: RUN });
  await play("describeRun", { path: { id: "run_8" }, code: "SESSION_NOT_FOUND" });
  await play("describeRun", { path: { id: "a.b" }, code: "INVALID_TOPIC" });
  await play("setRunStatus", { path: RUN, body: { status: "running", message: "on node 3" } });
  await play("setRunStatus", { path: RUN, body: { status: "queued" }, code: "INVALID_TRANSITION" });
  await play("setRunStatus", { path: RUN, body: { status: "lost" }, code: "INVALID_MESSAGE" });
  await play("setRunStatus", { path: { id: "run_8" }, body: { status: "running" }, code: "SESSION_NOT_FOUND" });
  await play("setRunStatus", { path: { id: "a.b" }, body: { status: "running" }, code: "INVALID_TOPIC" });
}

async function reportRuns(play: Play): Promise<void> {
  const line = { level: "INFO", message: "epoch 1 of 10", source: "trainer" };
  const values = { epoch: 1, step: 100, metrics: { loss: 0.25, "val/acc": "NaN" }, timestamp: "2025-12-15T10:30:00Z" };
  await play("appendLog", { path: RUN, body: line });
  await play("appendLog", { path: RUN, body: [{ ...line, message: "epoch 2 of 10", idempotency_key: "line-2" }] });
  await play("appendLog", { path: RUN, type: "application/x-ndjson", body: LINES });
  await play("appendLog", { path: RUN, body: [line, { level: "LOUD", message: "!" }], code: "INVALID_MESSAGE" });
  await play("appendMetrics", { path: RUN, body: values });
  await play("appendMetrics", { path: RUN, body: [values, { ...values, step: 200 }] });
  await play("appendMetrics", { path: RUN, type: "application/x-ndjson", body: `${JSON.stringify(values)}\n` });
  await play("appendMetrics", { path: RUN, body: { metrics: {} }, code: "INVALID_MESSAGE" });
  for (const [id, body] of [
    ["appendLog", line],
    ["appendMetrics", values],
  ] as const) {
    await play(id, { path: { id: "run_8" }, body, code: "SESSION_NOT_FOUND" });
    await play(id, { path: { id: "a.b" }, body, code: "INVALID_TOPIC" });
  }
}

async function readRuns(play: Play): Promise<void> {
  await play("readLog", { path: RUN, query: { level: "INFO", limit: "2" } });
  await play("readLog", { path: RUN, query: { level: "LOUD" }, code: "INVALID_MESSAGE" });
  await play("readMetrics", { path: RUN, query: { name: "loss" } });
  await play("readMetrics", { path: RUN, query: { after: "-1" }, code: "INVALID_MESSAGE" });
  for (const id of ["readLog", "readMetrics"]) {
    await play(id, { path: RUN, query: { after: "999" }, code: "POSITION_LOST" });
    await play(id, { path: { id: "run_8" }, code: "SESSION_NOT_FOUND" });
    await play(id, { path: { id: "a.b" }, code: "INVALID_TOPIC" });
  }
}

async function topics(play: Play): Promise<void> {
  const started = { topic: "task.press.job_1", type: "task_started", data: { total_steps: 4 } };
  const step = { topic: "task.press.job_1", type: "step_progress", data: { step: 1, progress: 25 } };
  await play("publish", { body: started });
  await play("publish", { body: [step] });
  await play("publish", { type: "application/x-ndjson", body: `${JSON.stringify(step)}\n${JSON.stringify(step)}\n` });
  await play("publish", { body: started, code: "INVALID_TRANSITION" });
  await play("publish", { body: { ...step, topic: "weather.berlin" }, code: "INVALID_TOPIC" });
  await play("publish", { body: { ...step, type: "log" }, code: "INVALID_MESSAGE" });
  const line = { topic: "training.run_8", type: "log", data: { level: "INFO", message: "!" } };
  await play("publish", { body: line, code: "SESSION_NOT_FOUND" });
  await play("listTopics", { query: { pattern: "task.press.*" } });
  await play("listTopics", { query: { limit: "1001" }, code: "INVALID_MESSAGE" });
  await play("listTopics", { query: { pattern: "a..b" }, code: "INVALID_TOPIC" });
  const path = { topic: started.topic };
  await play("describeTopic", { path });
  await play("readEvents", { path, query: { types: "step_progress", limit: "2" } });
  await play("readEvents", { path, query: { types: "loud" }, code: "INVALID_MESSAGE" });
  await play("readEvents", { path, query: { after: "999" }, code: "POSITION_LOST" });
  for (const id of ["describeTopic", "readEvents"]) {
    await play(id, { path: { topic: "task.press.job_9" }, code: "TOPIC_NOT_FOUND" });
    await play(id, { path: { topic: "a b" }, code: "INVALID_TOPIC" });
  }
  await play("streamEvents", { query: { topic: started.topic, snapshot: "true" } });
  await play("streamEvents", { query: { topic: "a..b" }, code: "INVALID_TOPIC" });
  await play("streamEvents", { code: "INVALID_MESSAGE" });
}

async function cancels(play: Play): Promise<void> {
  const body = { reason: "wrong tool" };
  await play("cancelTask", { path: { project: "press", task: "job_1" }, body, status: 202 });
  await play("cancelTask", { path: { project: "press", task: "job_9" }, code: "TASK_NOT_FOUND" });
  await play("cancelTask", { path: { project: "press", task: "a.b" }, code: "INVALID_TOPIC" });
  await play("publish", { body: { topic: "task.press.job_1", type: "task_cancelled", data: {} } });
  await play("cancelTask", { path: { project: "press", task: "job_1" }, code: "TASK_FINISHED" });
  const [workflow, execution] = ["retrain", "1"];
  const topic = `workflow.${workflow}.${execution}`;
  await play("publish", { body: { topic, type: "workflow_execution_started", data: {} } });
  await play("cancelWorkflow", { path: { workflow, execution }, body, status: 202 });
  await play("publish", { body: { topic, type: "workflow_execution_completed", data: {} } });
  await play("cancelWorkflow", { path: { workflow, execution }, code: "TASK_FINISHED" });
  await play("cancelWorkflow", { path: { workflow, execution: "2" }, code: "TASK_NOT_FOUND" });
  await play("cancelWorkflow", { path: { workflow, execution: "a.b" }, code: "INVALID_TOPIC" });
}

async function evaluations(play: Play, { csv, ended }: Stage): Promise<void> {
  const body = { ensemble_name: "gas_turbine", path: csv.row };
  const { id } = await play("startEvaluation", { body, status: 202 });
  const path = { id: String(id) };
  await ended(path.id);
  const form = new FormData();
  form.append("ensemble_name", "gas_turbine");
  form.append("file", new Blob(["AT,AP,AH,AFDP,GTEP\n23.5,1013.2,77.1,3.9,25.5\n"]), "rows.csv");
  const uploaded = await play("startEvaluation", { form, status: 202 });
  await ended(String(uploaded.id));
  await play("startEvaluation", { body: { path: csv.row }, code: "MISSING_ENSEMBLE" });
  await play("startEvaluation", { body: { ...body, ensemble_name: "pump" }, code: "ENSEMBLE_NOT_FOUND" });
  await play("startEvaluation", { body: { ...body, path: "../rows.csv" }, code: "INVALID_PATH" });
  await play("startEvaluation", { body: { ...body, manual_boost_signals: { SO2: true } }, code: "UNKNOWN_SIGNALS" });
  await play("startEvaluation", { body: { ensemble_name: "gas_turbine" }, code: "INVALID_MESSAGE" });
  await play("startEvaluation", { body: { ...body, path: csv.narrow }, code: "MISSING_SIGNALS" });
  await play("listEvaluations", {});
  await play("describeEvaluation", { path });
  await play("evaluationResult", { path });
  await play("cancelEvaluation", { path, code: "TASK_FINISHED" });
  const failed = await play("startEvaluation", { body: { ...body, path: csv.empty }, status: 202 });
  await ended(String(failed.id));
  await play("evaluationResult", { path: { id: String(failed.id) }, code: "INVALID_TRANSITION" });
  // Somebody else's, for it is still there when it is asked to stop.
  await play("publish", { body: { topic: "evaluation.their_1", type: "status_changed", data: { status: "running" } } });
  await play("cancelEvaluation", { path: { id: "their_1" }, body: { reason: "wrong file" }, status: 202 });
  await play("removeEvaluation", { path, status: 204 });
  for (const each of ["describeEvaluation", "evaluationResult", "removeEvaluation", "cancelEvaluation"])
    await play(each, { path: { id: "none" }, code: "TASK_NOT_FOUND" });
  await play("cancelEvaluation", { path: { id: "a.b" }, code: "INVALID_TOPIC" });
}
