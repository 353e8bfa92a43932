// Binary frames are as strict as JSON, and say so with the frame's id.
import t from "tap";
import type { Struct } from "../../../generated/ts/google/protobuf/struct.js";
import { MESSAGES } from "../../../generated/ts/schema.js";
import { Event } from "../../../generated/ts/tidewire/v1/events.js";
import { ClientFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import { FrameError } from "../../../src/wire/codec.js";
import { createWriter } from "../../../src/wire/fast-writer.js";
import { createMessage, type MessagePlan, planOf } from "../../../src/wire/plan.js";
import { protoCodec } from "../../../src/wire/proto-codec.js";
import { MAX_STRUCT_DEPTH } from "../../../src/wire/struct.js";

/** A message with some fields. */
type Some = Record<string, unknown>;
const encode = (frame: Some) => {
  const whole = complete(planOf("ClientFrame"), frame) as unknown as ClientFrame;
  return ClientFrame.encode(whole, createWriter()).finish();
};
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

function refusal(message: Uint8Array | string): FrameError | undefined {
  try {
    protoCodec.decode(message);
    return undefined;
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
}

const publish = (kind: Some): Some => ({ id: 7, body: { $case: "publish", value: { topic: "t", kind } } });
const queued = (details: unknown) => encode(publish({ $case: "taskQueued", value: { details } }));

/** The message with all other fields at their defaults, without a check of anything. */
function complete(plan: MessagePlan, some: Some): Some {
  const message = createMessage(plan);
  for (const field of plan.plain) {
    const value = some[field.key];
    if (value === undefined) continue;
    const one = (element: unknown): unknown => {
      if (field.kind === "timestamp") return { seconds: 0, nanos: 0, ...(element as Some) };
      return field.kind === "message" ? complete(field.plan, element as Some) : element;
    };
    message[field.key] = field.cardinality === "list" ? (value as unknown[]).map(one) : one(value);
  }
  const chosen = some[plan.oneof] as { $case: string; value: Some } | undefined;
  const field = plan.byCase.get(chosen?.$case ?? "");
  if (chosen && field) message[plan.oneof] = { $case: chosen.$case, value: complete(field.plan, chosen.value) };
  return message;
}

t.test("bytes that are no ClientFrame", async (t) => {
  const cases: [string, string, number][] = [
    ["", "INVALID_FRAME", 0],
    ["00", "INVALID_FRAME", 0],
    ["7b", "INVALID_FRAME", 0],
    ["68 01", "INVALID_FRAME", 0],
    ["ff ff ff ff ff ff ff ff ff ff ff", "INVALID_FRAME", 0],
    ["08 05 52 00 00", "INVALID_FRAME", 5],
    ["08 05 52 00 52", "INVALID_FRAME", 5],
    ["08 05 52 05 00", "INVALID_FRAME", 5],
    ["08 05 50 00", "INVALID_FRAME", 5],
    ["08 05 1a 04 0a 05 00 00", "INVALID_FRAME", 5],
    ["08 05 1a 05 0a 03 00 00 00", "INVALID_FRAME", 5],
    ["08 05 3a 03 0a 01 ff", "INVALID_FRAME", 5],
    ["08 05", "UNKNOWN_MESSAGE_TYPE", 5],
    ["08 05 7a 00", "UNKNOWN_MESSAGE_TYPE", 5],
  ];
  for (const [bytes, code, id] of cases) t.match(refusal(hex(bytes)), { code, id }, bytes);
  t.equal(refusal("text")?.code, "INVALID_FRAME");
  t.equal(refusal(hex("08 05 52 00 7a 00")), undefined, "unknown fields beside a body are ignored");
});

t.test("the schema's rules", async (t) => {
  const cases: [Some, string][] = [
    [
      { body: { $case: "config", value: { batchSize: 0 } } },
      "config.batch_size: expected a whole number from 1 to 4294967295, came 0",
    ],
    [{ body: { $case: "config", value: { mode: 9 } } }, "config.mode: expected one of single, batch, came 9"],
    [{ body: { $case: "publish", value: { topic: "t" } } }, "publish.kind: is required"],
    [publish({ $case: "log", value: { message: "" } }), "publish.log.level: is required"],
    [publish({ $case: "log", value: { level: 0, message: "" } }), "publish.log.level: expected one of DEBUG"],
    [
      publish({ $case: "progress", value: { progress: Number.NaN } }),
      "publish.progress.progress: expected a number from 0",
    ],
    [
      publish({ $case: "taskCompleted", value: { durationSeconds: Number.POSITIVE_INFINITY } }),
      "publish.task_completed.dur",
    ],
    [
      { body: { $case: "cancelTask", value: { reason: "x".repeat(1025) } } },
      "cancel_task.reason: expected a string of at most 1024",
    ],
    [
      { body: { $case: "predict", value: { timestamp: { seconds: 253402300800 } } } },
      "predict.timestamp: expected a time",
    ],
    [{ body: { $case: "predict", value: { timestamp: { nanos: -1 } } } }, "predict.timestamp: expected a time"],
    [
      { body: { $case: "predictBatch", value: { timestamps: [{}, { nanos: 1e9 }] } } },
      "predict_batch.timestamps[1]: expected",
    ],
    [
      { body: { $case: "infer", value: { inputs: [{ shape: [-1] }] } } },
      "infer.inputs[0].shape[0]: expected a whole number from 0 to 9007199254740991, came -1",
    ],
  ];
  for (const [frame, message] of cases) {
    const refused = refusal(encode({ id: 7, ...frame }));
    t.match(refused, { code: "INVALID_MESSAGE", id: 7 });
    t.ok(refused?.message.startsWith(message), `${refused?.message}`);
  }
});

t.test("64 bits beyond 2^53 are refused", async (t) => {
  t.match(refusal(hex("08 05 32 0e 12 0c 08 ff ff ff ff ff ff ff ff ff 01 10 01")), { code: "INVALID_FRAME", id: 5 });
});

t.test("a Struct has its depth, and no __proto__", async (t) => {
  const nested = (levels: number): unknown => (levels === 1 ? {} : { a: nested(levels - 1) });
  const lists = (levels: number): unknown => (levels === 1 ? [] : [lists(levels - 1)]);
  t.equal(refusal(queued(nested(MAX_STRUCT_DEPTH))), undefined);
  t.match(refusal(queued(nested(MAX_STRUCT_DEPTH + 1))), { code: "INVALID_MESSAGE", id: 7 });
  t.equal(refusal(queued({ l: lists(MAX_STRUCT_DEPTH - 1) })), undefined);
  t.match(refusal(queued({ l: lists(MAX_STRUCT_DEPTH) })), { code: "INVALID_MESSAGE", message: /at most 32 levels/ });
  t.match(refusal(queued({ n: Number.NaN })), { code: "INVALID_MESSAGE" });
  const own = JSON.parse('{"__proto__":{"x":1}}') as Struct;
  const frame = Buffer.from(queued({ __prot0__: { x: 1 } }));
  frame[frame.indexOf("__prot0__") + 6] = "o".charCodeAt(0);
  t.ok(Object.hasOwn(own, "__proto__"));
  t.match(refusal(frame), { code: "INVALID_MESSAGE", id: 7, message: /__proto__/ });
  t.equal(({} as Record<string, unknown>).x, undefined);
});

t.test("an event's bytes are its publish's bytes with a position: all kinds share number, type and name", async (t) => {
  const kinds = (message: "Event" | "Publish") => MESSAGES[message].fields.filter((field) => field.oneof);
  t.same(kinds("Event"), kinds("Publish"));
  const shared = (message: "Event" | "Publish") => MESSAGES[message].fields.filter(({ number }) => number < 3);
  t.same(shared("Event"), shared("Publish"));
  const published = complete(planOf("Publish"), {
    topic: "t",
    kind: { $case: "log", value: { level: 2, message: "hi" } },
  }) as unknown as Publish;
  const bytes = Buffer.concat([Publish.encode(published).finish(), hex("18 03 20 09")]);
  t.match(Event.decode(bytes), {
    topic: "t",
    generation: 3,
    offset: 9,
    kind: { $case: "log", value: { message: "hi" } },
  });
});

t.test("half a surrogate pair leaves the server as U+FFFD", async (t) => {
  const error = { errorCode: 1, message: "\ud800", details: undefined, retryable: false } as const;
  const bytes = protoCodec.encode({ id: 0, body: { $case: "error", value: error } });
  t.ok(Buffer.from(bytes as Uint8Array).includes("\ufffd"));
});
