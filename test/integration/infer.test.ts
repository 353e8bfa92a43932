// Named tensors over the socket: every type, several inputs, subsets of outputs, and each refusal.
import { test } from "tap";
import { DataType, type Tensor } from "../../generated/ts/tidewire/v1/inference.js";
import { everyType } from "../contract/executors.js";
import { bytesOf, codeOf, config, expect, floats, floatsOf, infer } from "./support/frames.js";
import { ENCODINGS, Peer } from "./support/peer.js";
import { serve } from "./support/serve.js";

const DATATYPES: Readonly<Record<string, DataType>> = {
  float32: DataType.DATA_TYPE_FP32,
  float64: DataType.DATA_TYPE_FP64,
  float16: DataType.DATA_TYPE_FP16,
  int8: DataType.DATA_TYPE_INT8,
  int16: DataType.DATA_TYPE_INT16,
  int32: DataType.DATA_TYPE_INT32,
  int64: DataType.DATA_TYPE_INT64,
  uint8: DataType.DATA_TYPE_UINT8,
  uint16: DataType.DATA_TYPE_UINT16,
  uint32: DataType.DATA_TYPE_UINT32,
  uint64: DataType.DATA_TYPE_UINT64,
  bool: DataType.DATA_TYPE_BOOL,
  string: DataType.DATA_TYPE_BYTES,
};

/** Strings as the wire has them. */
function packed(strings: readonly string[]): Uint8Array {
  const parts = strings.flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return Uint8Array.from(Buffer.concat(parts));
}

/** The types model's inputs: three elements of every type, at their edges. */
const INPUTS: Tensor[] = everyType().map(({ name, type, dims, data }) => ({
  name,
  datatype: DATATYPES[type] as DataType,
  shape: [...dims],
  raw: data instanceof Uint8Array ? Uint8Array.from(data) : packed(data),
}));

const input = (type: string): Tensor => INPUTS.find(({ name }) => name === `in_${type}`) as Tensor;
/** All inputs, one of them changed. */
const withInput = (type: string, changes: Partial<Tensor>): Tensor[] =>
  INPUTS.map((tensor) => (tensor.name === `in_${type}` ? { ...tensor, ...changes } : tensor));
const shown = (tensors: readonly Tensor[]): unknown =>
  tensors.map(({ name, datatype, shape, raw }) => [name, datatype, shape, [...raw]]);

const REFUSALS: Readonly<Record<string, [Tensor[], string[], RegExp]>> = {
  "a missing input": [INPUTS.slice(2), [], /missing inputs: in_float, in_double/],
  "no inputs": [[], [], /missing inputs/],
  "an unknown input": [
    [...INPUTS, floats("in_more", [1], [1])],
    [],
    /no input is named "in_more"; there are: in_float/,
  ],
  "an input of an inherited name": [[...INPUTS, floats("constructor", [1], [1])], [], /"constructor"/],
  "an input without a name": [[...INPUTS, floats("", [1], [1])], [], /no input is named ""/],
  "an input given twice": [[...INPUTS, input("bool")], [], /given twice/],
  "another datatype": [
    withInput("float", { datatype: DataType.DATA_TYPE_FP64 }),
    [],
    /in_float: expected datatype FP32, came FP64/,
  ],
  "no datatype": [
    withInput("int8", { datatype: DataType.DATA_TYPE_UNSPECIFIED }),
    [],
    /in_int8: expected datatype INT8, came none/,
  ],
  "another rank": [withInput("float", { shape: [3, 1] }), [], /in_float: expected shape \[any\], came \[3, 1\]/],
  "no shape": [withInput("float", { shape: [] }), [], /in_float: expected shape \[any\], came \[\]/],
  "too few bytes": [
    withInput("int64", { raw: new Uint8Array(23) }),
    [],
    /in_int64: its shape asks for 24 raw bytes, came 23/,
  ],
  "too many bytes": [
    withInput("bool", { raw: new Uint8Array(4) }),
    [],
    /in_bool: its shape asks for 3 raw bytes, came 4/,
  ],
  "a shape beyond all bytes": [
    withInput("uint8", { shape: [2 ** 40] }),
    [],
    /in_uint8: its shape asks for 1099511627776 raw bytes, came 3/,
  ],
  "too few strings": [withInput("string", { raw: packed(["a", "b"]) }), [], /in_string: expected 3 elements/],
  "too many strings": [
    withInput("string", { raw: packed(["a", "b", "c", "d"]) }),
    [],
    /in_string: expected 3 elements/,
  ],
  "a string cut short": [
    withInput("string", { raw: packed(["a", "b", "cd"]).subarray(0, 15) }),
    [],
    /in_string: expected 3 elements/,
  ],
  "a string's length cut short": [withInput("string", { raw: packed(["a", "b"]).subarray(0, 12) }), [], /in_string/],
  "a string of no UTF-8": [
    withInput("string", { raw: Uint8Array.of(2, 0, 0, 0, 0xc3, 0x28, 0, 0, 0, 0, 0, 0, 0, 0) }),
    [],
    /in_string: an element is no UTF-8/,
  ],
  "a string with U+0000": [
    withInput("string", { raw: packed(["a", "b\0c", ""]) }),
    [],
    /in_string: an element holds U\+0000/,
  ],
  "an unknown output": [INPUTS, ["out_float", "out_more"], /no output is named "out_more"; there are: out_float/],
  "an input as an output": [INPUTS, ["in_float"], /no output is named "in_float"/],
};

for (const encoding of ENCODINGS) {
  test(`${encoding}: every type comes back bit by bit`, async (t) => {
    const { url } = await serve(t, { models: ["types"] });
    const peer = await Peer.connect(t, url, encoding);
    const wanted = INPUTS.map((tensor) => ({ ...tensor, name: tensor.name.replace("in_", "out_") }));
    const { model, outputs, latencyMs } = expect(await peer.ask(infer("types", INPUTS)), "inferResult");
    t.equal(model, "types");
    t.type(latencyMs, "number");
    t.same(shown(outputs), shown(wanted));
    for (let from = 0; from < INPUTS.length; from += 1) {
      // In another order the bytes lie at other offsets of the message.
      const turned = [...INPUTS.slice(from), ...INPUTS.slice(0, from)];
      const reply = expect(await peer.ask(infer("types", turned)), "inferResult");
      t.same(shown(reply.outputs), shown(wanted));
    }
  });

  test(`${encoding}: the outputs asked for, in the order asked, each once`, async (t) => {
    const { url } = await serve(t, { models: ["types"] });
    const peer = await Peer.connect(t, url, encoding);
    const names = async (wanted: string[]): Promise<string[]> =>
      expect(await peer.ask(infer("types", INPUTS, wanted)), "inferResult").outputs.map(({ name }) => name);
    t.same(await names(["out_string", "out_float"]), ["out_string", "out_float"]);
    t.same(await names(["out_bool", "out_int8", "out_bool"]), ["out_bool", "out_int8"]);
    t.equal((await names([])).length, 13);
  });

  test(`${encoding}: tensors without elements go through`, async (t) => {
    const { url } = await serve(t, { models: ["types", "window"] });
    const peer = await Peer.connect(t, url, encoding);
    const empty = INPUTS.map((tensor) => ({ ...tensor, shape: [0], raw: new Uint8Array() }));
    const { outputs } = expect(await peer.ask(infer("types", empty)), "inferResult");
    t.same(
      outputs.map(({ shape, raw }) => [shape, raw.length]),
      Array(13).fill([[0], 0]),
    );
    const window = [floats("window", [0, 16, 4], []), floats("scale", [1], [1])];
    const [mean] = expect(await peer.ask(infer("window", window)), "inferResult").outputs;
    t.same([mean?.name, mean?.shape, mean?.raw.length], ["mean", [0, 4], 0]);
  });

  test(`${encoding}: two inputs, rank 3, as the connection's own model`, async (t) => {
    const { url } = await serve(t, { models: ["window"] });
    const peer = await Peer.connect(t, url, encoding);
    expect(await peer.ask(config("window")), "configAck");
    const steps = Float32Array.from({ length: 2 * 16 * 4 }, (_, i) => i);
    const inputs = [floats("window", [2, 16, 4], steps), floats("scale", [1], [0.5])];
    const { outputs } = expect(await peer.ask(infer("", inputs)), "inferResult");
    t.same(
      outputs.map(({ name, shape, raw }) => [name, shape, [...floatsOf(raw)]]),
      [
        ["mean", [2, 4], [15, 15.5, 16, 16.5, 47, 47.5, 48, 48.5]],
        ["peak", [2, 4], [30, 30.5, 31, 31.5, 62, 62.5, 63, 63.5]],
      ],
    );
    const refused = [
      [
        [floats("window", [2, 16, 3], steps.subarray(0, 96)), floats("scale", [1], [1])],
        /window: expected shape \[any, 16, 4\], came \[2, 16, 3\]/,
      ],
      [[floats("window", [2, 16, 4], steps), floats("scale", [2], [1, 1])], /scale: expected shape \[1\], came \[2\]/],
    ] as const;
    for (const [tensors, says] of refused) {
      const reply = await peer.ask(infer("", [...tensors]));
      t.equal(codeOf(reply), "INVALID_TENSOR");
      t.match(expect(reply, "error").message, says);
    }
  });

  test(`${encoding}: a tensor that does not fit is INVALID_TENSOR, naming it and the bound`, async (t) => {
    const { url } = await serve(t, { models: ["types"] });
    const peer = await Peer.connect(t, url, encoding);
    for (const [name, [inputs, outputs, says]] of Object.entries(REFUSALS)) {
      const reply = await peer.ask(infer("types", inputs, outputs));
      t.equal(codeOf(reply), "INVALID_TENSOR", name);
      t.match(expect(reply, "error").message, says, name);
      expect(await peer.ask(infer("types", INPUTS)), "inferResult");
    }
  });
}

test("a worker's model takes and gives the same tensors", async (t) => {
  const { url } = await serve(t, { models: ["types"], modelSettings: { types: { executor: "worker" } } });
  const peer = await Peer.connect(t, url, "proto");
  const { outputs } = expect(await peer.ask(infer("types", INPUTS)), "inferResult");
  t.same(
    outputs.map(({ raw }) => [...raw]),
    INPUTS.map(({ raw }) => [...raw]),
  );
});

test("any byte but 0 is true", async (t) => {
  const { url } = await serve(t, { models: ["types"] });
  const peer = await Peer.connect(t, url, "proto");
  const inputs = withInput("bool", { raw: Uint8Array.of(0, 255, 2) });
  const [output] = expect(await peer.ask(infer("types", inputs, ["out_bool"])), "inferResult").outputs;
  t.same([...(output?.raw ?? [])], [0, 1, 1]);
});

test("outputs beyond maxInferBytes are refused with both figures", async (t) => {
  const { url } = await serve(t, { models: ["ensemble_narrow", "window"], flags: { maxInferBytes: "1024" } });
  const peer = await Peer.connect(t, url, "proto");
  const rows = (count: number) => [
    floats("window", [count, 16, 4], new Float32Array(count * 64)),
    floats("scale", [1], [1]),
  ];
  expect(await peer.ask(infer("window", rows(32))), "inferResult");
  const reply = await peer.ask(infer("window", rows(33)));
  t.equal(codeOf(reply), "FRAME_TOO_LARGE");
  t.match(expect(reply, "error"), { message: /1056 bytes, at most 1024/, details: { bytes: 1056, limit: 1024 } });
  expect(await peer.ask(infer("window", rows(33), ["mean"])), "inferResult");
});

test("infer on an ensemble takes the connection's boosts where it is the connection's ensemble, else its own", async (t) => {
  const { url } = await serve(t, { models: ["ensemble_narrow", "types"] });
  const peer = await Peer.connect(t, url, "proto");
  const row = floats("boundary_signals", [1, 2], [2, 3]);
  const ask = async (model: string): Promise<unknown> => {
    const [output] = expect(await peer.ask(infer(model, [row], ["signals"])), "inferResult").outputs;
    return [output?.name, output?.shape, [...floatsOf(output?.raw ?? new Uint8Array())]];
  };
  t.same(await ask("ensemble_narrow"), ["signals", [1, 3], [5, 3, 2]]);
  await peer.ask(config("ensemble_narrow", { manualBoostSignals: { x: false, y: true } }));
  t.same(await ask("ensemble_narrow"), ["signals", [1, 3], [2, 103, 2]]);
  t.same(await ask(""), ["signals", [1, 3], [2, 103, 2]]);
  await peer.ask(config("types"));
  t.same(await ask("ensemble_narrow"), ["signals", [1, 3], [5, 3, 2]]);
  t.same(bytesOf(Float32Array.of(2, 3)), row.raw);
});
