// Every form of prediction, in both encodings, against onnxruntime itself on real rows.
import { type Test, test } from "tap";
import type { Reading } from "../../generated/ts/tidewire/v1/inference.js";
import {
  BOUNDARY,
  BOUNDARY_SIGNALS,
  DirectTurbine,
  largestDifference,
  ROUNDING,
  readSensorRows,
  SIGNALS,
} from "./support/direct.js";
import {
  bytesOf,
  type ClientBody,
  config,
  expect,
  floats,
  floatsOf,
  infer,
  predict,
  predictBatch,
} from "./support/frames.js";
import { ENCODINGS, Peer } from "./support/peer.js";
import { serve } from "./support/serve.js";

const ROWS = 100;
const { readings } = readSensorRows(2015, ROWS);
const reading = (row: number): Float32Array => readings.subarray(row * BOUNDARY, (row + 1) * BOUNDARY);
const named = (row: number): Record<string, number> =>
  Object.fromEntries(BOUNDARY_SIGNALS.map((name, i) => [name, reading(row)[i] as number]));
const inOrder = (values: Readonly<Record<string, number>>): number[] => SIGNALS.map((name) => values[name] as number);

/** Each form: all rows through a peer, predictions row-major. */
const FORMS: Readonly<Record<string, (peer: Peer) => Promise<ArrayLike<number>>>> = {
  values: (peer) =>
    eachRow(
      peer,
      (row) => predict({ values: [...reading(row)] }),
      (reply) => reply.values,
    ),
  names: (peer) =>
    eachRow(
      peer,
      (row) => predict({ boundarySignals: named(row) }),
      (reply) => inOrder(reply.predictions?.values ?? {}),
    ),
  matrix: async (peer) => {
    const reply = expect(await peer.ask(predictBatch({ matrix: bytesOf(readings) })), "predictionBatch");
    return reply.count === ROWS ? floatsOf(reply.matrix) : [];
  },
  "named batch": async (peer) => {
    const batch: Reading[] = Array.from({ length: ROWS }, (_, row) => ({ signals: named(row) }));
    const reply = expect(await peer.ask(predictBatch({ batch })), "predictionBatch");
    return reply.predictions.flatMap(({ values }) => inOrder(values));
  },
  infer: async (peer) => {
    const tensor = floats("boundary_signals", [ROWS, BOUNDARY], readings);
    const { outputs } = expect(await peer.ask(infer("", [tensor])), "inferResult");
    const [output] = outputs;
    return output?.shape.join() === `${ROWS},${SIGNALS.length}` ? floatsOf(output.raw) : [];
  },
};

type Prediction = ReturnType<typeof expect<"prediction">>;

async function eachRow(
  peer: Peer,
  request: (row: number) => ClientBody,
  valuesOf: (reply: Prediction) => readonly number[],
): Promise<number[]> {
  const replies = await Promise.all(Array.from({ length: ROWS }, (_, row) => peer.ask(request(row))));
  return replies.flatMap((reply) => valuesOf(expect(reply, "prediction")));
}

/** All choices of boosts: bit i is signal i. */
const BOOSTS = Array.from({ length: 2 ** SIGNALS.length }, (_, bits) => SIGNALS.map((_, i) => ((bits >> i) & 1) === 1));

for (const encoding of ENCODINGS) {
  test(`${encoding}: every form with every choice of boosts is what onnxruntime computes`, async (t) => {
    const direct = await DirectTurbine.open(t);
    const { url } = await serve(t, { models: ["gas_turbine"] });
    const peer = await Peer.connect(t, url, encoding);
    for (const boosts of BOOSTS) {
      const boosted = SIGNALS.filter((_, i) => boosts[i]);
      const manualBoostSignals = Object.fromEntries(SIGNALS.map((name, i) => [name, boosts[i] === true]));
      const ack = expect(await peer.ask(config("gas_turbine", { manualBoostSignals })), "configAck");
      t.equal(ack.ensembleInfo?.signalsUsingBoost, boosted.length);
      const wanted = await direct.predict(readings, boosts);
      for (const [form, run] of Object.entries(FORMS)) {
        const difference = largestDifference(await run(peer), wanted);
        if (difference > ROUNDING) t.fail(`${form} with boosts [${boosted}] differs by ${difference}`);
      }
    }
    t.pass(`${BOOSTS.length} choices of boosts in ${Object.keys(FORMS).length} forms`);
  });

  test(`${encoding}: without a choice the ensemble's own boosts count, and one may be overridden alone`, async (t) => {
    const direct = await DirectTurbine.open(t);
    const { url } = await serve(t, { models: ["gas_turbine"] });
    const peer = await Peer.connect(t, url, encoding);
    const cases: { manualBoostSignals: Record<string, boolean>; boosts: boolean[] }[] = [
      { manualBoostSignals: {}, boosts: [false, true, true, true, true, true] },
      { manualBoostSignals: { NOX: false }, boosts: [false, true, true, true, true, false] },
      { manualBoostSignals: { TIT: true, CO: true }, boosts: [true, true, true, true, true, true] },
    ];
    for (const { manualBoostSignals, boosts } of cases) {
      await peer.ask(config("gas_turbine", { manualBoostSignals }));
      const wanted = await direct.predict(readings, boosts);
      const reply = expect(await peer.ask(predict({ boundarySignals: named(7) })), "prediction");
      t.same(
        reply.signalsUsedBoost?.names,
        SIGNALS.filter((_, i) => boosts[i]),
      );
      const difference = largestDifference(inOrder(reply.predictions?.values ?? {}), wanted.subarray(42, 48));
      t.ok(difference <= ROUNDING, `differs by ${difference}`);
    }
  });

  test(`${encoding}: a boost of boundary values only, by numbers computed by hand`, async (t) => {
    const { url } = await serve(t, { models: ["ensemble_narrow"] });
    const peer = await Peer.connect(t, url, encoding);
    const ask = async (a: number, b: number): Promise<unknown> =>
      expect(await peer.ask(predict({ boundarySignals: { a, b } })), "prediction").predictions?.values;

    expect(await peer.ask(config("ensemble_narrow")), "configAck");
    t.same(await ask(2, 3), { x: 5, y: 3, z: 2 });
    t.same(await ask(-1, 10), { x: -1, y: 10, z: -1 });
    await peer.ask(config("ensemble_narrow", { manualBoostSignals: { x: false, y: true, z: false } }));
    t.same(await ask(2, 3), { x: 2, y: 103, z: 5 });
    await peer.ask(config("ensemble_narrow", { manualBoostSignals: { x: false, y: false, z: false } }));
    t.same(await ask(2, 3), { x: 2, y: 3, z: 5 });

    await peer.ask(config("ensemble_narrow"));
    const matrix = bytesOf(Float32Array.of(2, 3, 0, 0, 5, -5));
    const reply = expect(await peer.ask(predictBatch({ matrix })), "predictionBatch");
    t.same([...floatsOf(reply.matrix)], [5, 3, 2, 1, 0, 0, 11, -5, 5]);
  });

  test(`${encoding}: predictions beyond float32 are told as infinite, in every form`, async (t) => {
    const { url } = await serve(t, { models: ["ensemble_narrow"] });
    const peer = await Peer.connect(t, url, encoding);
    await peer.ask(config("ensemble_narrow"));
    const [a, b] = [Math.fround(3e38), 1];
    const infinite = Number.POSITIVE_INFINITY;
    t.same(expect(await peer.ask(predict({ values: [a, b] })), "prediction").values, [infinite, 1, a]);
    const named = expect(await peer.ask(predict({ boundarySignals: { a, b } })), "prediction");
    t.same(named.predictions?.values, { x: infinite, y: 1, z: a });
    const batch = expect(await peer.ask(predictBatch({ batch: [{ signals: { a, b } }] })), "predictionBatch");
    t.same(batch.predictions[0]?.values, { x: infinite, y: 1, z: a });
  });

  test(`${encoding}: readings of one turn with different boosts do not mix`, async (t) => {
    const { url } = await serve(t, { models: ["ensemble_narrow"] });
    const choices: Record<string, boolean>[] = [{}, { x: false, z: false }, { y: true }];
    const peers = await Promise.all(choices.map(() => Peer.connect(t, url, encoding)));
    await Promise.all(
      choices.map((manualBoostSignals, i) => (peers[i] as Peer).ask(config("ensemble_narrow", { manualBoostSignals }))),
    );
    const wanted = [
      [5, 3, 2],
      [2, 3, 5],
      [5, 103, 2],
    ];
    const rounds = Array.from({ length: 50 }, () =>
      peers.map(async (peer) => expect(await peer.ask(predict({ values: [2, 3] })), "prediction").values),
    );
    for (const round of rounds) t.same(await Promise.all(round), wanted);
  });

  test(`${encoding}: metadata is there when wanted, even when empty, and gone when not`, async (t) => {
    const { url } = await serve(t, { models: ["gas_turbine"] });
    const peer = await Peer.connect(t, url, encoding);
    const none = Object.fromEntries(SIGNALS.map((name) => [name, false]));
    const requests = [predict({ values: [...reading(0)] }), predict({ boundarySignals: named(0) })];

    await peer.ask(config("gas_turbine", { manualBoostSignals: none }));
    for (const request of requests) {
      const reply = expect(await peer.ask(request), "prediction");
      t.same(reply.signalsUsedBoost, { names: [] });
      t.type(reply.latencyMs, "number");
    }
    await peer.ask(config("gas_turbine", { includeMetadata: false }));
    for (const request of requests) {
      const reply = expect(await peer.ask(request), "prediction");
      t.equal(reply.signalsUsedBoost, undefined);
      t.equal(reply.latencyMs, undefined);
    }
    const batch = expect(await peer.ask(predictBatch({ matrix: bytesOf(reading(0)) })), "predictionBatch");
    t.equal(batch.latencyMs, undefined);
  });

  test(`${encoding}: timestamps are echoed, extra signals ignored, the session stays through configurations`, async (t) => {
    const { url } = await serve(t, { models: ["gas_turbine", "ensemble_narrow"] });
    const peer = await Peer.connect(t, url, encoding);
    const first = expect(await peer.ask(config("gas_turbine")), "configAck");
    const timestamp = { seconds: 1_765_794_600, nanos: 123_456_000 };
    const extra = { ...named(0), MORE: 1e300 };
    const reply = expect(await peer.ask(predict({ boundarySignals: extra, timestamp })), "prediction");
    t.same(reply.timestamp, timestamp);
    const second = expect(await peer.ask(config("ensemble_narrow")), "configAck");
    t.equal(second.sessionId, first.sessionId);
    t.same(
      [second.boundarySignals, second.signals],
      [
        ["a", "b"],
        ["x", "y", "z"],
      ],
    );
  });
}

test("a configuration sent between readings counts for those behind it only", async (t: Test) => {
  const { url } = await serve(t, { models: ["ensemble_narrow"] });
  const peer = await Peer.connect(t, url, "proto");
  await peer.ask(config("ensemble_narrow"));
  const replies = await Promise.all([
    peer.ask(predict({ values: [2, 3] })),
    peer.ask(config("ensemble_narrow", { manualBoostSignals: { x: false, z: false }, includeMetadata: false })),
    peer.ask(predict({ values: [2, 3] })),
  ]);
  const [before, ack, after] = replies as [(typeof replies)[0], (typeof replies)[0], (typeof replies)[0]];
  t.same(expect(before, "prediction").values, [5, 3, 2]);
  t.same(expect(before, "prediction").signalsUsedBoost, { names: ["x", "z"] });
  t.equal(expect(ack, "configAck").includeMetadata, false);
  t.same(expect(after, "prediction").values, [2, 3, 5]);
  t.equal(expect(after, "prediction").signalsUsedBoost, undefined);
});
