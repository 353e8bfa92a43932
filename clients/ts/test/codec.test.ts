import fc from "fast-check";
import t from "tap";
import type { MessageTypes } from "../../../generated/ts/schema.js";
import { ClientFrame, ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { type FrameType, frameFromJson, frameToJson } from "../../../src/wire/json.js";
import { readGoldens } from "../../../test/conformance/goldens.js";
import { TidewireClientError } from "../src/errors.js";
import { createCodec } from "../src/wire/codec.js";
import { planOf } from "../src/wire/plan.js";
import { decodeProto } from "../src/wire/proto-read.js";
import { ProtoWriter } from "../src/wire/proto-write.js";
import { anyMessage } from "./arbitrary.js";

const numRuns = 3000;
const proto = createCodec("proto");
const json = createCodec("json");

t.test("binary client frames are the bytes that the generated encoder writes", async (t) => {
  fc.assert(
    fc.property(
      anyMessage("ClientFrame"),
      (frame) => hex(proto.encode(frame)) === hex(ClientFrame.encode(frame).finish()),
    ),
    { numRuns },
  );
  t.pass(`${numRuns} frames`);
});

t.test("binary server frames are read as the generated decoder reads them", async (t) => {
  fc.assert(
    fc.property(anyMessage("ServerFrame"), (frame) => {
      const bytes = ServerFrame.encode(frame).finish();
      return sameness(proto.decode(exact(bytes)), ServerFrame.decode(bytes));
    }),
    { numRuns },
  );
  t.pass(`${numRuns} frames`);
});

t.test("every message survives the client's own writer and reader", async (t) => {
  const writer = new ProtoWriter();
  const plan = planOf("ServerFrame");
  fc.assert(
    fc.property(anyMessage("ServerFrame"), (frame) => {
      const bytes = ServerFrame.encode(frame).finish();
      const own = writer.encode(plan, { ...frame });
      return hex(own) === hex(bytes) && sameness(decodeProto(plan, exact(own)), ServerFrame.decode(bytes));
    }),
    { numRuns },
  );
  t.pass(`${numRuns} frames`);
});

t.test("JSON client frames are read by the server as they were meant", async (t) => {
  fc.assert(
    fc.property(anyMessage("ClientFrame"), (frame) => {
      const text = String(json.encode(frame));
      const strict = strictly("ClientFrame", JSON.stringify(frameToJson("ClientFrame", frame)));
      // What the server refuses of its own writer's, it refuses of the client's.
      return sameness(strictly("ClientFrame", text), strict);
    }),
    { numRuns },
  );
  t.pass(`${numRuns} frames`);
});

t.test("the golden frames, both ways, in both encodings", async (t) => {
  for (const golden of readGoldens()) {
    const bytes = new Uint8Array(Buffer.from(golden.hex, "hex"));
    if (golden.type === "ServerFrame") {
      const frame = proto.decode(exact(bytes));
      t.ok(sameness(frame, ServerFrame.decode(bytes)), golden.name);
      t.ok(sameness(json.decode(JSON.stringify(golden.json)), frame), `${golden.name}, JSON`);
    } else {
      const frame = ClientFrame.decode(bytes);
      t.equal(hex(proto.encode(frame)), golden.hex, golden.name);
      t.same(JSON.parse(String(json.encode(frame))), golden.json, `${golden.name}, JSON`);
    }
  }
});

t.test("JSON server frames are read as the server wrote them", async (t) => {
  let valid = 0;
  fc.assert(
    fc.property(anyMessage("ServerFrame"), (frame) => {
      const text = JSON.stringify(frameToJson("ServerFrame", frame));
      const strict = strictly("ServerFrame", text);
      if (strict === undefined) return true;
      valid++;
      return sameness(json.decode(text), strict);
    }),
    { numRuns },
  );
  t.ok(valid > numRuns / 10, `${valid} valid frames`);
});

t.test("random and cut bytes give a typed error or a frame, and nothing else", async (t) => {
  const check = (bytes: Uint8Array) => {
    try {
      proto.decode(exact(bytes));
      return true;
    } catch (error) {
      return error instanceof TidewireClientError && error.code === "INVALID_FRAME";
    }
  };
  const cut = fc.tuple(anyMessage("ServerFrame"), fc.nat()).map(([frame, at]) => {
    const bytes = ServerFrame.encode(frame).finish();
    return bytes.slice(0, at % (bytes.length + 1));
  });
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), cut), check), { numRuns });
  t.throws(() => json.decode("{"), { code: "INVALID_FRAME" });
  t.throws(() => json.decode("[1]"), { code: "INVALID_FRAME" });
  t.throws(() => json.decode(new ArrayBuffer(2)), { code: "INVALID_FRAME" });
  t.throws(() => proto.decode("{}"), { code: "INVALID_FRAME" });
});

t.test("what a newer server may send is skipped", async (t) => {
  t.same(json.decode('{"type":"novelty","id":3,"data":{}}'), { id: 3, body: undefined });
  t.match(json.decode('{"type":"error","error_code":"NOVELTY","message":"new","more":[1]}'), {
    body: { $case: "error", value: { errorCode: 0, message: "new" } },
  });
});

t.test("a large message does not keep its buffer, and the next one is right", async (t) => {
  const writer = new ProtoWriter();
  const plan = planOf("ClientFrame");
  const frame = (matrix: Uint8Array): ClientFrame => ({
    id: 1,
    body: { $case: "predictBatch", value: { matrix, batch: [], timestamps: [] } },
  });
  for (const size of [3_000_000, 127, 128, 20_000]) {
    const made = frame(new Uint8Array(size).fill(7));
    t.equal(hex(writer.encode(plan, { ...made })), hex(ClientFrame.encode(made).finish()), `${size} bytes`);
  }
});

function strictly<T extends FrameType>(type: T, text: string): MessageTypes[T] | undefined {
  try {
    return frameFromJson(type, JSON.parse(text));
  } catch {
    // Random numbers and texts may lie outside the schema's bounds; the server never sends such a frame.
    return undefined;
  }
}

function exact(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function hex(bytes: Uint8Array | string): string {
  return Buffer.from(bytes as Uint8Array).toString("hex");
}

function sameness(found: unknown, wanted: unknown): boolean {
  const canonical = (value: unknown) => JSON.stringify(value, (_, part) => plain(part));
  return canonical(found) === canonical(wanted);
}

/** JSON with the numbers it lacks, and fields in one order. */
function plain(part: unknown): unknown {
  if (part instanceof Uint8Array) return { bytes: hex(part) };
  if (Object.is(part, -0)) return "-0";
  if (typeof part === "number" && !Number.isFinite(part)) return String(part);
  if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
}
