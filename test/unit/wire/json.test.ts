// The JSON rule, by what goes in and what comes out.
import t from "tap";
import { MESSAGES } from "../../../generated/ts/schema.js";
import { FrameError } from "../../../src/wire/codec.js";
import { frameFromJson, frameToJson, readMessage, writeMessage } from "../../../src/wire/json.js";
import { jsonCodec } from "../../../src/wire/json-codec.js";

const decode = (json: unknown) => jsonCodec.decode(typeof json === "string" ? json : JSON.stringify(json));
const body = (json: unknown) => decode(json).body?.value;

function refusal(json: unknown): { code: string; id: number; message: string; details: unknown } {
  try {
    decode(json);
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
  return { code: "none", id: 0, message: "was read", details: undefined };
}

t.test("fields stand in data or beside type, in either spelling; data wins", async (t) => {
  const expected = {
    ensembleName: "e",
    manualBoostSignals: {},
    mode: 0,
    batchSize: 5,
    includeMetadata: undefined,
    outputFormat: 0,
  };
  t.same(body({ type: "config", data: { ensemble_name: "e", batch_size: 5 } }), expected);
  t.same(body({ type: "config", ensemble_name: "e", batch_size: 5 }), expected);
  t.same(body({ type: "config", ensembleName: "e", batchSize: 5 }), expected);
  t.same(body({ type: "config", ensemble_name: "x", data: { ensembleName: "e" }, batchSize: 5 }), expected);
  t.same(body({ type: "config", ensemble_name: "e", batch_size: 5, data: null, nonsense: [1] }), expected);
});

t.test("what an error repeats can travel: no halves of surrogate pairs, given or made by cutting", async (t) => {
  t.match(refusal({ type: "\udc00\ud800", id: 3 }), { id: 3, details: { type: "\ufffd\ufffd" } });
  t.match(refusal({ type: `${"x".repeat(63)}\u{1f300}` }), { details: { type: `${"x".repeat(63)}…` } });
  t.match(refusal({ type: "\u{1f300}" }), { details: { type: "\u{1f300}" } }, "a whole pair stays");
});

t.test("a publish is nested", async (t) => {
  const inner = { topic: "training.a", type: "log", data: { level: "INFO", message: "hi" } };
  t.match(body({ type: "publish", data: inner }), { topic: "training.a", kind: { $case: "log", value: { level: 2 } } });
  t.match(refusal({ ...inner, type: "publish", id: 4 }), { code: "INVALID_MESSAGE", id: 4, message: /^data\.type: / });
  t.match(refusal({ type: "publish" }), { code: "INVALID_MESSAGE", message: "data: expected an object, came nothing" });
  t.match(refusal({ type: "publish", data: { ...inner, type: "lag" } }).message, /^data\.type: expected one of log, /);
  t.equal(
    refusal({ type: "publish", data: { ...inner, data: { level: "INFO" } } }).message,
    "data.data.message: is required",
  );
});

t.test("wrong types and bounds are refused by path", async (t) => {
  const config = (data: unknown) => refusal({ type: "config", data }).message;
  t.equal(config({ batch_size: "ten" }), 'data.batch_size: expected a whole number from 1 to 4294967295, came "ten"');
  t.equal(config({ batch_size: 0 }), "data.batch_size: expected a whole number from 1 to 4294967295, came 0");
  t.equal(config({ batch_size: 1.5 }), "data.batch_size: expected a whole number from 1 to 4294967295, came 1.5");
  t.equal(config({ ensemble_name: 5 }), "data.ensemble_name: expected a string, came 5");
  t.equal(
    config({ manual_boost_signals: { CO: 1 } }),
    'data.manual_boost_signals["CO"]: expected true or false, came 1',
  );
  t.equal(config({ manual_boost_signals: [] }), "data.manual_boost_signals: expected an object, came a list");
  t.equal(config({ mode: "Single" }), 'data.mode: expected one of "single", "batch", came "Single"');
  t.equal(config({ mode: "" }), 'data.mode: expected one of "single", "batch", came ""');
  t.equal(config({ mode: 1 }), 'data.mode: expected one of "single", "batch", came 1');
  t.equal(config(5), "data: expected an object, came 5");
  t.equal(refusal({ type: "config", ensemble_name: 5 }).message, "ensemble_name: expected a string, came 5");
  t.same(refusal({ type: "config", ensemble_name: 5 }).details, { field: "ensemble_name" });
  t.match(
    refusal({ type: "subscribe", data: { types: ["a", 1] } }).message,
    /^data\.types\[1\]: expected a string, came 1$/,
  );
  t.match(
    refusal({ type: "subscribe", data: { after: { offset: -1 } } }).message,
    /^data\.after\.offset: expected a whole/,
  );
  t.match(
    refusal({ type: "predict_batch", data: { batch: [{}, 5] } }).message,
    /^data\.batch\[1\]: expected an object, came 5$/,
  );
  const key = "k".repeat(129);
  const publish = { topic: "t", type: "log", idempotency_key: key, data: { level: "INFO", message: "" } };
  t.match(
    refusal({ type: "publish", data: publish }).message,
    /^data\.idempotency_key: expected a string of at most 128 bytes/,
  );
  const euro = { ...publish, idempotency_key: "€".repeat(42) };
  t.equal(refusal({ type: "publish", data: euro }).code, "none", "126 bytes");
  t.match(
    refusal({ type: "publish", data: { ...euro, idempotency_key: "€".repeat(43) } }).message,
    /at most 128 bytes/,
  );
  const progress = { topic: "t", type: "progress", data: { progress: 101 } };
  t.match(
    refusal({ type: "publish", data: progress }).message,
    /^data\.data\.progress: expected a number from 0 to 100, came 101$/,
  );
  t.match(
    refusal({ type: "publish", data: { ...progress, data: { progress: "NaN" } } }).message,
    /from 0 to 100, came "NaN"/,
  );
});

t.test("frames that are none", async (t) => {
  for (const json of ["5", "null", "[]", '"a"']) t.equal(refusal(json).code, "INVALID_MESSAGE", json);
  t.match(refusal("{}"), { code: "INVALID_MESSAGE", message: "type: expected a string, came nothing" });
  t.match(refusal({ type: 5, id: 3 }), { code: "INVALID_MESSAGE", id: 3 });
  t.match(refusal({ type: "ping", id: "3" }).message, /^id: expected a whole number/);
  t.equal(refusal({ type: "ping", id: 2 ** 31 }).id, 0);
  t.match(refusal({ type: "pnig", id: 3 }), { code: "UNKNOWN_MESSAGE_TYPE", id: 3, details: { type: "pnig" } });
  t.match(refusal({ type: "predict_bach" }).message, /"predict_bach"; known are predict_batch, /);
  t.equal(refusal({ type: "event" }).code, "UNKNOWN_MESSAGE_TYPE");
  t.throws(() => jsonCodec.decode(new Uint8Array([123, 125])), { code: "INVALID_FRAME" });
});

t.test("no JSON: the position is told", async (t) => {
  const cases: [string, number][] = [
    ["", 0],
    ["{", 1],
    ['{"type":ping}', 8],
    ['{"type":"ping",}', 15],
    ['{"type":"ping"} x', 16],
    ["[1,]", 3],
    ['{"a":[true,false,nul]}', 17],
    ['{"a":"\\x"}', 6],
    ['{"a":"\n"}', 6],
    ["01", 1],
    ['{"a" 1}', 5],
    ["[[[]]", 5],
    ['[{},{"a":{}},[]]]', 16],
    ["-", 0],
  ];
  for (const [text, position] of cases) {
    t.match(refusal(text), { code: "INVALID_JSON", details: { position } }, text);
  }
});

t.test("numbers of 64 bits may be strings, and stay below 2^53", async (t) => {
  const offset = (value: unknown) => body({ type: "subscribe", after: { generation: 1, offset: value } });
  t.match(offset("9007199254740991"), { after: { offset: 9007199254740991 } });
  t.match(offset(9007199254740991), { after: { offset: 9007199254740991 } });
  for (const value of ["9007199254740992", 9007199254740992, "1.5", "", " 1", "0x1", "1e3", -1, "-1", null, true]) {
    if (value === null) t.match(offset(value), { after: { offset: 0 } }, "null is absent");
    else t.throws(() => offset(value), { code: "INVALID_MESSAGE" }, String(value));
  }
  t.throws(() => body({ type: "config", batch_size: "5" }), { code: "INVALID_MESSAGE" }, "32 bits are numbers only");
});

t.test("numbers that are not finite", async (t) => {
  const metrics = (value: unknown) => ({
    type: "publish",
    data: { topic: "t", type: "metrics", data: { metric_values: [value] } },
  });
  const values = (value: unknown) =>
    (body(metrics(value)) as { kind: { value: { metricValues: number[] } } }).kind.value.metricValues;
  t.same(values("Infinity"), [Number.POSITIVE_INFINITY]);
  t.same(values("-Infinity"), [Number.NEGATIVE_INFINITY]);
  t.ok(Number.isNaN(values("NaN")[0]));
  for (const text of ["nan", "inf", "+Infinity", "1", "", true]) {
    t.throws(() => values(text), { code: "INVALID_MESSAGE" }, String(text));
  }
  t.throws(() => decode(JSON.stringify(metrics(0)).replace("[0]", "[1e400]")), { code: "INVALID_MESSAGE" });
});

t.test("lenient numbers: all but numbers become NaN", async (t) => {
  const read = body({
    type: "predict",
    boundary_signals: { a: 1, b: "1", c: null, d: {}, e: "NaN", f: "Infinity", g: true },
  });
  const { a, ...rest } = (read as { boundarySignals: Record<string, number> }).boundarySignals;
  t.equal(a, 1);
  t.same(Object.keys(rest), ["b", "c", "d", "e", "f", "g"]);
  t.ok(Object.values(rest).every(Number.isNaN));
  t.match(body({ type: "predict", values: [1, null] }), { values: [1, Number.NaN] });
  t.throws(() => body({ type: "predict", values: { 0: 1 } }), { code: "INVALID_MESSAGE" });
});

t.test("names of JavaScript's own mean nothing", async (t) => {
  for (const type of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    t.equal(refusal({ type }).code, "UNKNOWN_MESSAGE_TYPE", type);
  }
  t.equal(refusal('{"__proto__":{"type":"ping"}}').code, "INVALID_MESSAGE", "inherited is not own");
  const text =
    '{"type":"predict","data":{"__proto__":{"timeout_ms":1},"constructor":{},"boundary_signals":{"constructor":2}}}';
  const read = body(text) as { boundarySignals: object; timeoutMs?: number };
  t.equal(read.timeoutMs, undefined);
  t.same(Object.entries(read.boundarySignals), [["constructor", 2]]);
  const refused = [
    '{"type":"predict","boundary_signals":{"__proto__":1}}',
    '{"type":"subscribe","positions":{"__proto__":{"generation":5}}}',
    '{"type":"publish","data":{"topic":"t","type":"task_queued","data":{"details":{"a":[{"__proto__":{"x":1}}]}}}}',
  ];
  for (const json of refused) t.match(refusal(json).message, /: expected names other than __proto__/);
  t.equal(({} as Record<string, unknown>).x, undefined);
});

t.test("half a surrogate pair is no text", async (t) => {
  t.equal(refusal('{"type":"unsubscribe","topic":"a\\ud800"}').code, "INVALID_MESSAGE");
  t.equal(refusal('{"type":"predict","boundary_signals":{"\\udc00":1}}').code, "INVALID_MESSAGE");
  t.equal(refusal('{"type":"unsubscribe","topic":"\\ud83c\\udf21"}').code, "none");
});

t.test("writing: presence, empty lists, unspecified enums, envelopes", async (t) => {
  t.same(frameToJson("ServerFrame", { id: 0, body: { $case: "pong", value: { timestamp: undefined } } }), {
    type: "pong",
  });
  t.same(frameToJson("ClientFrame", { id: -1, body: { $case: "ping", value: {} } }), { type: "ping", id: -1 });
  t.same(writeMessage("SignalValues", { values: {} }), {});
  t.same(writeMessage("Log", { level: 0, message: undefined }), {}, "an unspecified enum is left out");
  t.same(writeMessage("HistorySaved", { message: "", outputPath: "a.csv", samplesSaved: 0 }), {
    status: "success",
    message: "",
    output_path: "a.csv",
    samples_saved: 0,
  });
  t.throws(() => frameToJson("ServerFrame", { id: 1, body: undefined }), TypeError);
});

t.test("messages outside frames", async (t) => {
  t.same(readMessage("SignalNames", ["a"]), { names: ["a"] });
  t.throws(() => readMessage("SaveHistory", { format: "csv" }), { message: "session_id: is required" });
  t.throws(() => readMessage("SaveHistory", { session_id: "s", format: "xls" }, "body"), {
    message: /^body\.format: /,
  });
  t.match(frameFromJson("ServerFrame", { type: "log", topic: "t", offset: 3, level: "INFO", message: "flat" }), {
    body: { $case: "event", value: { topic: "t", offset: 3, kind: { $case: "log", value: { message: "flat" } } } },
  });
});

t.test("no body of a frame has a field that means something beside type", async (t) => {
  for (const frame of ["ClientFrame", "ServerFrame", "Event"] as const) {
    const taken = new Set(["type", "data", ...MESSAGES[frame].fields.filter((f) => !f.oneof).map(({ name }) => name)]);
    for (const { type, name } of MESSAGES[frame].fields.filter((field) => field.oneof)) {
      if (name === "publish" || name === "event") continue;
      const schema = MESSAGES[type as keyof typeof MESSAGES];
      const clashes = schema.fields.filter(
        (field) => taken.has(field.name) || (schema.success && field.name === "status"),
      );
      t.same(clashes, [], name);
    }
  }
});
