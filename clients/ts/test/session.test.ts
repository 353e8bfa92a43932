// Sessions against the real server, in both encodings.
import t from "tap";
import {
  BOUNDARY,
  BOUNDARY_SIGNALS,
  DirectTurbine,
  readSensorRows,
  SIGNALS,
} from "../../../test/integration/support/direct.js";
import { serve } from "../../../test/integration/support/serve.js";
import { type NamedReading, TidewireClient } from "../src/index.js";

const ROWS = 40;
const { readings } = readSensorRows(2015, ROWS);
const positional = Array.from({ length: ROWS }, (_, i) => readings.subarray(i * BOUNDARY, (i + 1) * BOUNDARY));
const named: NamedReading[] = positional.map((row) =>
  Object.fromEntries(BOUNDARY_SIGNALS.map((name, i) => [name, row[i] as number])),
);

for (const encoding of ["proto", "json"] as const) {
  t.test(`every form of prediction equals a direct run (${encoding})`, async (t) => {
    const { url } = await serve(t, { models: ["gas_turbine"] });
    const client = new TidewireClient({ baseURL: url, encoding });
    const session = client.inference("gas_turbine");
    t.teardown(() => session.close());
    const info = await session.ready();
    t.match(info, { ensembleName: "gas_turbine", boundarySignals: [...BOUNDARY_SIGNALS], signals: [...SIGNALS] });
    const { boostSignals } = await client.ensembles.info("gas_turbine");
    const boosts = SIGNALS.map((name) => boostSignals[name] === true);
    const used = SIGNALS.filter((name) => boostSignals[name]);
    const wanted = await (await DirectTurbine.open(t)).predict(readings, boosts);
    const row = (i: number) => wanted.subarray(i * SIGNALS.length, (i + 1) * SIGNALS.length);
    const timestamp = new Date("2015-06-01T10:30:00.250Z");

    const byName = await session.predict(named[3] as NamedReading, { timestamp });
    t.ok(
      close(
        SIGNALS.map((name) => byName.predictions[name]),
        row(3),
      ),
      "named",
    );
    t.same(
      { ...byName, predictions: 0, latencyMs: 0 },
      { predictions: 0, latencyMs: 0, signalsUsedBoost: used, timestamp },
    );
    t.ok((byName.latencyMs ?? -1) >= 0);

    const byPosition = await session.predict(positional[3] as Float32Array);
    t.ok(close(byPosition.values, row(3)), "positional");
    t.ok(close((await session.predict([...(positional[3] as Float32Array)])).values, row(3)), "array");

    const batch = await session.predictBatch(named);
    t.equal(batch.count, ROWS);
    t.ok(
      batch.predictions.every((found, i) =>
        close(
          SIGNALS.map((name) => found[name]),
          row(i),
        ),
      ),
      "named batch",
    );
    const matrix = await session.predictBatch(readings);
    t.ok(close(matrix.matrix, wanted) && close(matrix.row(7), row(7)), "matrix");
    t.ok(close((await session.predictBatch(positional)).matrix, wanted), "rows of arrays");

    const { outputs } = await session.infer({
      inputs: { boundary_signals: { data: readings, shape: [ROWS, BOUNDARY] } },
    });
    t.match(outputs.signals, { datatype: "FP32", shape: [ROWS, SIGNALS.length] });
    t.ok(close(outputs.signals?.data as Float32Array, wanted), "infer");

    const at = (i: number) => new Date(timestamp.getTime() + i);
    const timed = named.map((reading, i) => ({ reading, timestamp: at(i) }));
    const instants: unknown[] = [];
    for await (const prediction of session.stream(timed)) instants.push(prediction.timestamp);
    t.same(
      instants,
      named.map((_, i) => at(i)),
      "stream with timestamps",
    );

    const streamed: Float32Array[] = [];
    for await (const { values } of session.stream(positional)) streamed.push(values);
    t.ok(streamed.length === ROWS && streamed.every((values, i) => close(values, row(i))), "stream");
  });

  t.test(`configure, statistics, history (${encoding})`, async (t) => {
    const { url } = await serve(t, { models: ["gas_turbine", "broken"] });
    const client = new TidewireClient({ baseURL: `${url}/`, encoding });
    await using session = client.inference("gas_turbine", { manualBoostSignals: { CO: false }, includeMetadata: true });
    const reading = named[0] as NamedReading;
    t.notOk((await session.predict(reading)).signalsUsedBoost?.includes("CO"));
    const info = await session.configure({ manualBoostSignals: { CO: true } });
    t.equal(info, session.info);
    t.ok((await session.predict(reading)).signalsUsedBoost?.includes("CO"));
    await t.rejects(session.configure({ manualBoostSignals: { XX: true } }), {
      code: "UNKNOWN_SIGNALS",
      retryable: false,
    });
    t.ok((await session.predict(reading)).signalsUsedBoost?.includes("CO"), "a refused change changes nothing");
    t.match(await session.configure({ includeMetadata: false, mode: "batch", batchSize: 2 }), {
      mode: "batch",
      batchSize: 2,
    });
    const bare = await session.predict(reading);
    t.same([bare.latencyMs, bare.signalsUsedBoost], [undefined, undefined]);
    await t.rejects(session.predictBatch(named), { code: "BATCH_TOO_LARGE" });

    const stats = await client.inferenceStats();
    t.match(stats, { activeConnections: 1, totalPredictions: 4 });
    t.match(stats.connections, [{ sessionId: info.sessionId, mode: "batch", predictionsCount: 4 }]);
    t.type(stats.connections[0]?.connectedAt, Date);
    const saved = await client.saveHistory({ sessionId: info.sessionId, format: "jsonl", outputDir: "mine" });
    t.match(saved, { samplesSaved: 4, outputPath: /mine\/stream_history_.*\.jsonl$/ });
    await t.rejects(client.saveHistory({ sessionId: "none", format: "csv" }), { code: "SESSION_NOT_FOUND" });
    await t.rejects(client.saveHistory({ sessionId: info.sessionId, format: "csv", outputDir: "../x" }), {
      code: "INVALID_PATH",
    });

    const list = await client.ensembles.list();
    t.match(
      list.find(({ name }) => name === "broken"),
      { status: "broken", reason: String },
    );
    t.match(
      list.find(({ name }) => name === "gas_turbine"),
      { status: "ready", executor: /inline|worker/ },
    );
    await t.rejects(client.ensembles.info("nobody"), { code: "ENSEMBLE_NOT_FOUND", retryable: false });
    t.match(await client.health(), { status: "ok", ensembles: ["gas_turbine"], version: String });
  });

  t.test(`every refusal is a typed rejection, and the session survives (${encoding})`, async (t) => {
    const { url } = await serve(t, { models: ["gas_turbine"] });
    const client = new TidewireClient({ baseURL: url, encoding });
    await using session = client.inference("gas_turbine");
    const reading = named[0] as NamedReading;
    const { AT: _, ...short } = reading;
    await t.rejects(session.predict(short), { code: "MISSING_SIGNALS", details: { missing_signals: ["AT"] } });
    await t.rejects(session.predict([1, 2]), { code: "INVALID_SIGNALS" });
    await t.rejects(session.predict({ ...reading, AT: Number.NaN }), { code: "INVALID_SIGNALS" });
    await t.rejects(session.predictBatch([]), { code: "EMPTY_BATCH" });
    // Plain JavaScript has no types: what is no number must not be predicted as if it were one.
    for (const value of [null, "23.5", true] as unknown as number[]) {
      await t.rejects(session.predict({ ...reading, AT: value }), { code: "INVALID_SIGNALS", message: /AT/ });
      await t.rejects(session.predict([value, 1, 2, 3, 4]), { code: "INVALID_SIGNALS" });
      await t.rejects(session.predictBatch([[value, 1, 2, 3, 4]]), { code: "INVALID_SIGNALS" });
    }
    await t.rejects(session.predictBatch([[1], [1, 2]]), { code: "INVALID_SIGNALS" });
    await t.rejects(session.predictBatch([reading], { timestamps: [new Date(), new Date()] }), {
      code: "INVALID_MESSAGE",
    });
    await t.rejects(session.infer({ model: "nobody", inputs: {} }), { code: "ENSEMBLE_NOT_FOUND" });
    t.ok(await session.predict(reading));

    const unknown = client.inference("nobody");
    await t.rejects(unknown.predict(reading), { code: "ENSEMBLE_NOT_FOUND", name: "TidewireClientError" });
    await t.rejects(unknown.ready(), { code: "ENSEMBLE_NOT_FOUND" });
    await unknown.close();
  });
}

t.test("a frame beyond the server's limit is refused once, and the session comes back", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"], flags: { maxFrameBytes: "1MiB" } });
  for (const encoding of ["proto", "json"] as const) {
    const client = new TidewireClient({ baseURL: url, encoding });
    await using session = client.inference("gas_turbine", { retryInFlight: true, reconnectDelay: 1 });
    const codes: number[] = [];
    session.connection.on("disconnected", ({ code }) => codes.push(code));
    const large = session.predictBatch(new Float32Array(2 ** 22));
    await t.rejects(large, { code: "FRAME_TOO_LARGE", retryable: false });
    t.same(codes, [1009]);
    t.ok(await session.predict(named[0] as NamedReading));
  }
});

t.test("tensors of every type come back as they went", async (t) => {
  const { url } = await serve(t, { models: ["types"] });
  for (const encoding of ["proto", "json"] as const) {
    const client = new TidewireClient({ baseURL: url, encoding });
    await using session = client.inference("types");
    const { inputs } = await client.ensembles.info("types");
    t.ok(inputs.length > 5);
    const { outputs } = await session.infer({
      inputs: Object.fromEntries(inputs.map((spec) => [spec.name, sample(spec)])),
    });
    const found = Object.values(outputs).map(({ datatype }) => datatype);
    t.same([...found].sort(), inputs.map(({ datatype }) => datatype).sort());
  }
});

t.test("two clients at once get their own answers, with their own configuration", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const client = new TidewireClient({ baseURL: url });
  await using boosted = client.inference("gas_turbine", { manualBoostSignals: { TIT: true } });
  await using plain = client.inference("gas_turbine", { manualBoostSignals: { TIT: false }, encoding: "json" });
  const [a, b] = await Promise.all(
    [boosted, plain].map((s) => Promise.all(named.map((reading) => s.predict(reading)))),
  );
  t.ok(a?.every(({ signalsUsedBoost }) => signalsUsedBoost?.includes("TIT")));
  t.notOk(b?.some(({ signalsUsedBoost }) => signalsUsedBoost?.includes("TIT")));
});

t.test("after a restart of the server the configuration is restored before what waited goes out", async (t) => {
  const first = await serve(t, { models: ["gas_turbine"] });
  const client = new TidewireClient({ baseURL: first.url });
  await using session = client.inference("gas_turbine", { reconnectDelay: 20, maxReconnectAttempts: 1000 });
  await session.configure({ manualBoostSignals: { TIT: true }, includeMetadata: true });
  const { sessionId } = await session.ready();
  const cut = new Promise((resolve) => session.connection.on("disconnected", resolve));
  await first.server.close();
  t.match(await cut, { code: 1001, willReconnect: true });
  const waiting = session.predict(named[0] as NamedReading);
  await serve(t, { models: ["gas_turbine"], flags: { port: new URL(first.url).port } });
  t.ok((await waiting).signalsUsedBoost?.includes("TIT"));
  t.not((await session.ready()).sessionId, sessionId);
});

function close(found: ArrayLike<number | undefined>, wanted: ArrayLike<number>): boolean {
  return (
    found.length === wanted.length &&
    Array.from(wanted).every(
      (value, i) => Math.abs((found[i] ?? Number.NaN) - value) <= 1e-5 * Math.max(1, Math.abs(value)),
    )
  );
}

function sample({ datatype, shape }: { readonly datatype: string; readonly shape: readonly number[] }) {
  const fixed = shape.map((size) => (size < 0 ? 2 : size));
  const count = fixed.reduce((product, size) => product * size, 1);
  const data = {
    BOOL: Array(count).fill(true),
    BYTES: Array(count).fill("é"),
    UINT8: new Uint8Array(count),
    UINT16: new Uint16Array(count),
    UINT32: new Uint32Array(count),
    UINT64: new BigUint64Array(count),
    INT8: new Int8Array(count),
    INT16: new Int16Array(count),
    INT32: new Int32Array(count),
    INT64: new BigInt64Array(count),
    FP16: new Uint16Array(count),
    FP32: new Float32Array(count),
    FP64: new Float64Array(count),
  }[datatype];
  if (data === undefined) throw new Error(datatype);
  return { data, shape: fixed, datatype: datatype === "FP16" ? ("FP16" as const) : undefined };
}
