// Every refusal of CONTRACT.md 3.1 and 5, in both encodings: code, named field, bound; and the configuration stands.
import { test } from "tap";
import { DataType } from "../../generated/ts/tidewire/v1/inference.js";
import type { ErrorCode } from "../../src/errors.js";
import { BOUNDARY_SIGNALS, SIGNALS } from "./support/direct.js";
import {
  bytesOf,
  type ClientBody,
  codeOf,
  config,
  expect,
  floats,
  infer,
  ping,
  predict,
  predictBatch,
  type ServerBody,
} from "./support/frames.js";
import { ENCODINGS, type Encoding, encodeRequest, Peer } from "./support/peer.js";
import { serve } from "./support/serve.js";

const READING = { AT: 23.5, AP: 1013.2, AH: 77.1, AFDP: 3.9, GTEP: 25.5 };
const MATRIX = (rows: number): Uint8Array => bytesOf(new Float32Array(rows * 5));
const at = (seconds: number) => ({ seconds, nanos: 0 });
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(READING).filter(([name]) => !names.includes(name)));

interface Case {
  /** What is sent: a request, or a message of the encoding's own without its id. */
  readonly says: ClientBody | { readonly json: object };
  readonly code: ErrorCode;
  readonly message: RegExp | string;
  readonly details?: object;
}

/** Refusals that both encodings can bring about. */
const CASES: Readonly<Record<string, Case>> = {
  "config without a name": { says: config(""), code: "MISSING_ENSEMBLE", message: /ensemble_name/ },
  "config of an unknown ensemble": {
    says: config("nope"),
    code: "ENSEMBLE_NOT_FOUND",
    message: /no ensemble "nope"; there are: faulty, gas_turbine, types/,
    details: { ensemble_name: "nope" },
  },
  "config of a name beyond every model's": {
    says: config("x".repeat(8_000_000)),
    code: "INVALID_MESSAGE",
    message: /^.{0,100}ensemble_name: expected a string of at most 128 bytes.{0,200}$/,
  },
  "infer of a name beyond every model's": {
    says: infer("x".repeat(8_000_000), []),
    code: "INVALID_MESSAGE",
    message: /^.{0,100}model: expected a string of at most 128 bytes.{0,200}$/,
  },
  "config of a broken ensemble": {
    says: config("broken"),
    code: "ENSEMBLE_NOT_FOUND",
    message: /"broken" is broken: /,
  },
  "config of an inherited name": { says: config("constructor"), code: "ENSEMBLE_NOT_FOUND", message: /"constructor"/ },
  "boost of an unknown signal": {
    says: config("gas_turbine", { manualBoostSignals: { CO: false, SMOKE: true } }),
    code: "UNKNOWN_SIGNALS",
    message: "Unknown signals: ['SMOKE']; the ensemble has ['TIT', 'TAT', 'TEY', 'CDP', 'CO', 'NOX']",
    details: { unknown_signals: ["SMOKE"] },
  },
  "boost of an inherited name": {
    says: config("gas_turbine", { manualBoostSignals: { toString: true } }),
    code: "UNKNOWN_SIGNALS",
    message: /'toString'/,
  },
  "batch_size beyond the server's limit": {
    says: config("gas_turbine", { batchSize: 101 }),
    code: "BATCH_TOO_LARGE",
    message: /batch_size: 101 exceeds the server's limit of 100/,
    details: { batch_size: 101, limit: 100 },
  },
  "batch_size 0": { says: config("gas_turbine", { batchSize: 0 }), code: "INVALID_MESSAGE", message: /batch_size.*1/ },
  "neither names nor values": {
    says: predict({}),
    code: "MISSING_SIGNALS",
    message: "Missing boundary signals: ['AT', 'AP', 'AH', 'AFDP', 'GTEP']",
    details: { missing_signals: [...BOUNDARY_SIGNALS] },
  },
  "one name missing": {
    says: predict({ boundarySignals: without("AT") }),
    code: "MISSING_SIGNALS",
    message: "Missing boundary signals: ['AT']",
    details: { missing_signals: ["AT"] },
  },
  "a name in another case": {
    says: predict({ boundarySignals: { ...without("AT"), at: 1 } }),
    code: "MISSING_SIGNALS",
    message: "Missing boundary signals: ['AT']",
  },
  "not a number, by name": {
    says: predict({ boundarySignals: { ...READING, AP: Number.NaN, GTEP: Number.NEGATIVE_INFINITY } }),
    code: "INVALID_SIGNALS",
    message: /Invalid boundary signals: \['AP', 'GTEP'\]/,
    details: { invalid_signals: ["AP", "GTEP"] },
  },
  "beyond float32, by name": {
    says: predict({ boundarySignals: { ...READING, AH: 1e39 } }),
    code: "INVALID_SIGNALS",
    message: /\['AH'\]; each must be a finite number within float32/,
  },
  "not a number, by position": {
    says: predict({ values: [1, 2, Number.NaN, 4, 5] }),
    code: "INVALID_SIGNALS",
    message: /\['AH'\]/,
    details: { invalid_signals: ["AH"] },
  },
  "too few values": {
    says: predict({ values: [1, 2, 3, 4] }),
    code: "INVALID_SIGNALS",
    message: /values: expected 5 values, came 4/,
    details: { expected: 5, count: 4 },
  },
  "too many values": {
    says: predict({ values: [1, 2, 3, 4, 5, 6] }),
    code: "INVALID_SIGNALS",
    message: /values: expected 5 values, came 6/,
    details: { expected: 5, count: 6 },
  },
  "names and values": {
    says: predict({ values: [1, 2, 3, 4, 5], boundarySignals: READING }),
    code: "INVALID_MESSAGE",
    message: /values or boundary_signals, not both/,
  },
  "timeout_ms 0": {
    says: predict({ values: [1, 2, 3, 4, 5], timeoutMs: 0 }),
    code: "INVALID_MESSAGE",
    message: /timeout_ms/,
  },
  "an empty batch": { says: predictBatch({}), code: "EMPTY_BATCH", message: /no readings/ },
  "a batch beyond the limit": {
    says: predictBatch({ matrix: MATRIX(101) }),
    code: "BATCH_TOO_LARGE",
    message: "batch of 101 rows exceeds the limit of 100",
    details: { rows: 101, limit: 100 },
  },
  "a named batch beyond the limit": {
    says: predictBatch({ batch: Array.from({ length: 101 }, () => ({ signals: READING })) }),
    code: "BATCH_TOO_LARGE",
    message: "batch of 101 rows exceeds the limit of 100",
  },
  "a matrix of no whole rows": {
    says: predictBatch({ matrix: MATRIX(3).subarray(0, 55) }),
    code: "INVALID_SIGNALS",
    message: /matrix: expected a multiple of 20 bytes \(5 float32 a row\), came 55/,
    details: { row_bytes: 20, bytes: 55 },
  },
  "less than a row": {
    says: predictBatch({ matrix: new Uint8Array(1) }),
    code: "INVALID_SIGNALS",
    message: /multiple of 20/,
  },
  "a matrix with a row that is no number": {
    says: predictBatch({ matrix: bytesOf(Float32Array.from({ length: 15 }, (_, i) => (i === 11 ? Number.NaN : i))) }),
    code: "INVALID_SIGNALS",
    message: /in row 2: \['AP'\]/,
    details: { invalid_signals: ["AP"], row: 2 },
  },
  "a batch with a reading that lacks names": {
    says: predictBatch({ batch: [{ signals: READING }, { signals: without("AH", "GTEP") }] }),
    code: "MISSING_SIGNALS",
    message: "Missing boundary signals in row 1: ['AH', 'GTEP']",
    details: { missing_signals: ["AH", "GTEP"], row: 1 },
  },
  "a batch with a reading of nothing": {
    says: predictBatch({ batch: [{ signals: {} }] }),
    code: "MISSING_SIGNALS",
    message: /in row 0/,
  },
  "batch and matrix": {
    says: predictBatch({ batch: [{ signals: READING }], matrix: MATRIX(1) }),
    code: "INVALID_MESSAGE",
    message: /batch or matrix, not both/,
  },
  "timestamps of another length": {
    says: predictBatch({ matrix: MATRIX(3), timestamps: [at(1), at(2)] }),
    code: "INVALID_MESSAGE",
    message: /timestamps: expected 3, as many as readings, came 2/,
    details: { field: "timestamps", expected: 3, count: 2 },
  },
  "predict on a model that takes tensors": {
    says: infer("nope", []),
    code: "ENSEMBLE_NOT_FOUND",
    message: /"nope"/,
  },
  "infer on an ensemble with another tensor": {
    says: infer("", [floats("readings", [1, 5], [1, 2, 3, 4, 5])]),
    code: "INVALID_TENSOR",
    message: /one tensor "boundary_signals", FP32 \[n, 5\]/,
  },
  "infer on an ensemble with two tensors": {
    says: infer("gas_turbine", [floats("boundary_signals", [1, 5], [1, 2, 3, 4, 5]), floats("more", [1], [1])]),
    code: "INVALID_TENSOR",
    message: /one tensor/,
  },
  "infer on an ensemble without tensors": {
    says: infer("gas_turbine", []),
    code: "INVALID_TENSOR",
    message: /one tensor/,
  },
  "infer on an ensemble with another width": {
    says: infer("", [floats("boundary_signals", [1, 4], [1, 2, 3, 4])]),
    code: "INVALID_TENSOR",
    message: /expected FP32 \[n, 5\] and 20 raw bytes a row, came \[1, 4\] and 16 bytes/,
  },
  "infer on an ensemble with a shape that is not its bytes": {
    says: infer("", [floats("boundary_signals", [2, 5], [1, 2, 3, 4, 5])]),
    code: "INVALID_TENSOR",
    message: /came \[2, 5\] and 20 bytes/,
  },
  "infer on an ensemble with another type": {
    says: infer("", [{ ...floats("boundary_signals", [1, 5], [1, 2, 3, 4, 5]), datatype: DataType.DATA_TYPE_INT32 }]),
    code: "INVALID_TENSOR",
    message: /FP32/,
  },
  "infer on an ensemble with no rows": {
    says: infer("", [floats("boundary_signals", [0, 5], [])]),
    code: "EMPTY_BATCH",
    message: /no readings/,
  },
  "infer on an ensemble for another output": {
    says: infer("", [floats("boundary_signals", [1, 5], [1, 2, 3, 4, 5])], ["CO"]),
    code: "INVALID_TENSOR",
    message: /one tensor "signals"/,
  },
  "infer on an ensemble with a value that is no number": {
    says: infer("", [floats("boundary_signals", [1, 5], [1, 2, 3, 4, Number.NaN])]),
    code: "INVALID_SIGNALS",
    message: /\['GTEP'\]/,
  },
};

const json = (type: string, data?: unknown): { json: object } => ({
  json: data === undefined ? { type } : { type, data },
});

/** Refusals that only JSON can bring about. */
const JSON_CASES: Readonly<Record<string, Case>> = {
  "no type": {
    says: { json: { data: {} } },
    code: "INVALID_MESSAGE",
    message: /type: expected a string, came nothing/,
  },
  "a type that is no text": {
    says: { json: { type: 7 } },
    code: "INVALID_MESSAGE",
    message: /type: expected a string, came 7/,
  },
  "an unknown type": { says: json("predikt"), code: "UNKNOWN_MESSAGE_TYPE", message: /"predikt"; known are .*predict/ },
  "an inherited type": { says: json("constructor"), code: "UNKNOWN_MESSAGE_TYPE", message: /"constructor"/ },
  "null by name": {
    says: json("predict", { boundary_signals: { ...READING, AT: null } }),
    code: "INVALID_SIGNALS",
    message: /Invalid boundary signals: \['AT'\]/,
    details: { invalid_signals: ["AT"] },
  },
  "numbers in quotes": {
    says: json("predict", { boundary_signals: { ...READING, AT: "23.5", AH: true, AP: [], GTEP: {} } }),
    code: "INVALID_SIGNALS",
    message: /\['AT', 'AP', 'AH', 'GTEP'\]/,
  },
  "numbers in quotes by position": {
    says: json("predict", { values: [1, "2", 3, null, 5] }),
    code: "INVALID_SIGNALS",
    message: /\['AP', 'AFDP'\]/,
  },
  "values that are no list": {
    says: json("predict", { values: 5 }),
    code: "INVALID_MESSAGE",
    message: /values: expected a list, came 5/,
  },
  "names that are no object": {
    says: json("predict", { boundary_signals: [1] }),
    code: "INVALID_MESSAGE",
    message: /boundary_signals: expected an object/,
  },
  "data that is no object": {
    says: json("predict", "AT"),
    code: "INVALID_MESSAGE",
    message: /data: expected an object/,
  },
  "a batch that is no list": {
    says: json("predict_batch", { batch: READING }),
    code: "INVALID_MESSAGE",
    message: /batch: expected a list/,
  },
  "a reading that is no object": {
    says: json("predict_batch", { batch: [READING, 7] }),
    code: "INVALID_MESSAGE",
    message: /batch\[1\].*expected an object, came 7/,
  },
  "a matrix that is no base64": {
    says: json("predict_batch", { matrix: "§§§§" }),
    code: "INVALID_MESSAGE",
    message: /matrix/,
  },
  "a timestamp that is none": {
    says: json("predict", { boundary_signals: READING, timestamp: "noon" }),
    code: "INVALID_MESSAGE",
    message: /timestamp/,
  },
  "an unknown mode": {
    says: json("config", { ensemble_name: "gas_turbine", mode: "triple" }),
    code: "INVALID_MESSAGE",
    message: /mode.*single.*batch/,
  },
  "a boost that is no bool": {
    says: json("config", { ensemble_name: "gas_turbine", manual_boost_signals: { CO: "yes" } }),
    code: "INVALID_MESSAGE",
    message: /manual_boost_signals.*CO/,
  },
  "a name that is no text": {
    says: json("config", { ensemble_name: 7 }),
    code: "INVALID_MESSAGE",
    message: /ensemble_name: expected a string, came 7/,
  },
  "a batch_size that is no number": {
    says: json("config", { ensemble_name: "gas_turbine", batch_size: 1.5 }),
    code: "INVALID_MESSAGE",
    message: /batch_size/,
  },
};

function messageOf(encoding: Encoding, id: number, { says }: Case): Uint8Array | string {
  return "json" in says ? JSON.stringify({ ...says.json, id }) : encodeRequest(encoding, { id, body: says });
}

const MODELS = ["gas_turbine", "broken", "faulty", "types"];
const FLAGS = { maxBatchRows: "100" };

for (const encoding of ENCODINGS) {
  test(`${encoding}: each refusal has its code, says what and how much, and changes nothing`, async (t) => {
    const { url } = await serve(t, { models: MODELS, flags: FLAGS });
    const peer = await Peer.connect(t, url, encoding);
    const boosts = {
      manualBoostSignals: Object.fromEntries(SIGNALS.map((name) => [name, name === "CO"])),
      batchSize: 100,
    };
    await peer.ask(config("gas_turbine", boosts));
    const still = async (): Promise<unknown> => {
      const { predictions, signalsUsedBoost } = expect(
        await peer.ask(predict({ boundarySignals: READING })),
        "prediction",
      );
      return [predictions, signalsUsedBoost];
    };
    const before = await still();
    for (const [name, each] of Object.entries({ ...CASES, ...(encoding === "json" ? JSON_CASES : {}) })) {
      const id = peer.nextId();
      const body = await peer.replyTo(id, messageOf(encoding, id, each));
      const { message, details, retryable } = expect(body, "error");
      t.equal(codeOf(body), each.code, `${name}: ${message}`);
      t.match(message, each.message, name);
      if (each.details) t.match(details, each.details, name);
      t.equal(retryable, false, name);
      t.same(await still(), before, `after ${name}`);
    }
  });

  test(`${encoding}: before a configuration there is none, and a refused one makes none`, async (t) => {
    const { url } = await serve(t, { models: MODELS, flags: FLAGS });
    const peer = await Peer.connect(t, url, encoding);
    const requests = [
      predict({ values: [1, 2, 3, 4, 5] }),
      predict({}),
      predictBatch({ matrix: MATRIX(1) }),
      infer("", []),
    ];
    for (const refused of [undefined, config("nope"), config("gas_turbine", { batchSize: 1000 })]) {
      if (refused) expect(await peer.ask(refused), "error");
      for (const request of requests) t.equal(codeOf(await peer.ask(request)), "MISSING_ENSEMBLE");
    }
    const named = infer("gas_turbine", [floats("boundary_signals", [1, 5], [1, 2, 3, 4, 5])]);
    expect(await peer.ask(named), "inferResult");
  });

  test(`${encoding}: a batch may be as large as the connection's own batch_size, not larger`, async (t) => {
    const { url } = await serve(t, { models: MODELS, flags: FLAGS });
    const peer = await Peer.connect(t, url, encoding);
    t.equal(expect(await peer.ask(config("gas_turbine")), "configAck").batchSize, 100);
    expect(await peer.ask(predictBatch({ matrix: MATRIX(100) })), "predictionBatch");
    t.equal(expect(await peer.ask(config("gas_turbine", { batchSize: 10 })), "configAck").batchSize, 10);
    expect(await peer.ask(predictBatch({ matrix: MATRIX(10) })), "predictionBatch");
    const reply = await peer.ask(predictBatch({ matrix: MATRIX(11) }));
    t.match(expect(reply, "error"), {
      message: "batch of 11 rows exceeds the limit of 10",
      details: { rows: 11, limit: 10 },
    });
  });

  test(`${encoding}: readings for a model of tensors are refused with the way out`, async (t) => {
    const { url } = await serve(t, { models: MODELS, flags: FLAGS });
    const peer = await Peer.connect(t, url, encoding);
    expect(await peer.ask(config("types")), "configAck");
    for (const request of [predict({ values: [1] }), predict({ boundarySignals: { a: 1 } })]) {
      const reply = await peer.ask(request);
      t.equal(codeOf(reply), "INVALID_MESSAGE");
      t.match(expect(reply, "error").message, /types takes no readings \(it has 13 inputs\); use infer/);
    }
    expect(await peer.ask(predictBatch({ matrix: MATRIX(1) })), "error");
    expect(await peer.ask(ping), "pong");
  });

  test(`${encoding}: a graph that throws is PREDICTION_ERROR with the runtime's reason, and not retryable`, async (t) => {
    const { url } = await serve(t, { models: MODELS, flags: FLAGS });
    const peer = await Peer.connect(t, url, encoding);
    await peer.ask(config("faulty"));
    const requests = [
      predict({ values: [99, 1, 1] }),
      predictBatch({ matrix: bytesOf(Float32Array.of(1, 1, 1, -5, 1, 1)) }),
      infer("faulty", [floats("readings", [1, 3], [10, 1, 1])]),
    ];
    for (const request of requests) {
      const reply: ServerBody = await peer.ask(request);
      t.equal(codeOf(reply), "PREDICTION_ERROR");
      t.match(expect(reply, "error"), {
        message: /^faulty failed: .*Gather/,
        details: { model: "faulty" },
        retryable: false,
      });
    }
    t.same(expect(await peer.ask(predict({ values: [3, 1, 2] })), "prediction").values, [4, 32]);
  });
}

test("JSON that is no object, and text that is no JSON, are told where", async (t) => {
  const { url } = await serve(t, { models: ["ensemble_narrow"] });
  const peer = await Peer.connect(t, url, "json");
  const cases: [string, ErrorCode, RegExp][] = [
    ["", "INVALID_JSON", /ends too early/],
    ['{"type":"ping"', "INVALID_JSON", /ends too early/],
    ['{"type":ping}', "INVALID_JSON", /position 8/],
    ["[]", "INVALID_MESSAGE", /expected an object.*came a list/],
    ["7", "INVALID_MESSAGE", /expected an object/],
    ["null", "INVALID_MESSAGE", /expected an object.*null/],
    ['"ping"', "INVALID_MESSAGE", /expected an object/],
  ];
  for (const [message, code, says] of cases) {
    const reply = peer.replyTo(0, message);
    t.equal(codeOf(await reply), code, message);
    t.match(expect(await reply, "error").message, says);
  }
});
