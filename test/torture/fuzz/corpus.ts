// Valid frames, the stock that mutants are made of: what a sensible client says, the goldens, and random messages of the schema.
import { ClientFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { createWriter } from "../../../src/wire/fast-writer.js";
import { frameFromJson, frameToJson } from "../../../src/wire/json.js";
import { planOf } from "../../../src/wire/plan.js";
import { readGoldens } from "../../conformance/goldens.js";
import type { Random } from "../lib/random.js";
import { messageOf } from "./schema-messages.js";

/** One frame without an id, in both encodings. */
export interface ValidFrame {
  readonly proto: Uint8Array;
  /** JSON behind `{"id":1,`. */
  readonly json: string;
}

/** Few enough that their histories stay short and their subscribers are many. */
const TOPICS_OF_A_FAMILY = 12;
/** What is published most often; each is legal in some state of its topic. */
const EVENTS: readonly (readonly [family: string, type: string, data: object])[] = [
  ["task.p", "task_queued", {}],
  ["task.p", "task_started", {}],
  ["task.p", "step_progress", { progress: 12.5, step: 1, total_steps: 8, message: "step" }],
  ["task.p", "task_completed", { result: { rows: 5 } }],
  ["training", "status_changed", { status: "running" }],
  ["training", "log", { level: "INFO", message: "epoch 1 done", source: "fuzz" }],
  ["training", "metrics", { epoch: 1, step: 10, metrics: { loss: 0.5, "val/acc": "NaN" } }],
  ["training", "progress", { progress: 50 }],
  ["workflow.w", "workflow_execution_created", {}],
  ["workflow.w", "workflow_execution_started", {}],
  ["container.p", "container_created", {}],
  ["container.p", "container_stopped", { exit_code: 137 }],
];
const PATTERNS = ["task.>", "training.*", "task.p.*", "*.p.*", "workflow.w.t1", "system.*", "evaluation.*", ">"];
/** Configurations of models with cheap, known answers. */
const CONFIGS: readonly object[] = [
  { type: "config", data: { ensemble_name: "ensemble_narrow" } },
  {
    type: "config",
    data: { ensemble_name: "ensemble_narrow", include_metadata: false, manual_boost_signals: { x: false } },
  },
  { type: "config", data: { ensemble_name: "gas_turbine", mode: "batch", batch_size: 64 } },
  { type: "config", data: { ensemble_name: "faulty" } },
];
const READING = { AT: 23.5, AP: 1013.2, AH: 77.1, AFDP: 3.9, GTEP: 25.5 };

/** What a sensible client says, one kind of it at random. */
export function sensibleFrame(random: Random): ValidFrame {
  return fromJson(random.pick(SENSIBLE)(random));
}

const SENSIBLE: readonly ((random: Random) => object)[] = [
  (random) => random.pick(CONFIGS),
  () => ({ type: "ping" }),
  (random) => ({ type: "predict", data: { values: [random.integer(0, 9), random.integer(-9, 9)] } }),
  (random) => ({ type: "predict", data: { values: [random.integer(0, 12), 1, 2] } }),
  () => ({ type: "predict", data: { values: Object.values(READING), timestamp: "2025-12-15T10:30:00+01:00" } }),
  (random) => ({ type: "predict", data: { boundary_signals: random.chance(0.5) ? READING : { a: 2, b: 3 } } }),
  (random) => ({ type: "predict_batch", data: { batch: Array(random.integer(1, 8)).fill({ a: 2, b: 3 }) } }),
  (random) => ({ type: "predict_batch", data: { matrix: base64Of(2 * random.integer(1, 16)) } }),
  () => ({ type: "infer", data: { model: "ensemble_narrow", inputs: [tensor("boundary_signals", [2, 2])] } }),
  (random) => ({
    type: "infer",
    data: { model: "window", inputs: [tensor("window", [1, 16, 4]), tensor("scale", [random.integer(1, 2)])] },
  }),
  subscribe,
  (random) => ({
    type: "unsubscribe",
    data: { topic: random.chance(0.5) ? random.pick(PATTERNS) : topicOf("task.p", random) },
  }),
  publish,
  publish,
  (random) => ({
    type: "cancel_task",
    data: { topic: topicOf(random.pick(["task.p", "training", "workflow.w"]), random), reason: "fuzz" },
  }),
];

function subscribe(random: Random): object {
  const topic = random.chance(0.3) ? random.pick(PATTERNS) : topicOf(random.pick(EVENTS)[0], random);
  const position = { generation: random.integer(0, 3), offset: random.pick([0, 1, 5, 100, 2 ** 40]) };
  const after = random.chance(0.5) && !/[*>]/.test(topic) ? { after: position } : {};
  const positions = random.chance(0.2) ? { positions: { [topicOf("task.p", random)]: position } } : {};
  return { type: "subscribe", data: { topic, ...after, ...positions, snapshot: random.chance(0.3) } };
}

function publish(random: Random): object {
  const [family, type, data] = random.pick(EVENTS);
  const key = random.chance(0.2) ? { idempotency_key: `key-${random.integer(0, 500)}` } : {};
  return { type: "publish", data: { topic: topicOf(family, random), type, data, ...key } };
}

function topicOf(family: string, random: Random): string {
  return `${family}.t${random.integer(1, TOPICS_OF_A_FAMILY)}`;
}

function tensor(name: string, shape: readonly number[]): object {
  const floats = shape.reduce((product, size) => product * size, 1);
  return { name, datatype: "FP32", shape, raw: base64Of(floats) };
}

function base64Of(floats: number): string {
  return Buffer.from(Float32Array.from({ length: floats }, (_, i) => i).buffer).toString("base64");
}

/** A frame of random values that the schema allows. */
export function schemaFrame(random: Random): ValidFrame {
  const frame = messageOf(planOf("ClientFrame"), random) as unknown as ClientFrame;
  return ofFrame(frame);
}

/** Configurations, one of which opens every connection. */
export function configFrames(): ValidFrame[] {
  return CONFIGS.map(fromJson);
}

/** The client's golden frames. */
export const GOLDEN_FRAMES: readonly ValidFrame[] = readGoldens()
  .filter(({ type }) => type === "ClientFrame")
  .map(({ json }) => fromJson(json));

function fromJson(json: object): ValidFrame {
  return ofFrame(frameFromJson("ClientFrame", json));
}

function ofFrame({ body }: ClientFrame): ValidFrame {
  const frame: ClientFrame = { id: 0, body };
  return {
    proto: ClientFrame.encode(frame, createWriter()).finish().slice(),
    json: JSON.stringify(frameToJson("ClientFrame", frame)).slice(1),
  };
}
