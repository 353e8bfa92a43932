// Values that no wire can carry, or no timer: each has one meaning, in both encodings.
import t from "tap";
import { openSession } from "../src/inference/open.js";
import { createCodec } from "../src/wire/codec.js";
import { FakeEnvironment } from "./clock.js";
import { FakeServer, until } from "./fake-server.js";

const LONGEST_TIMER = 2 ** 31 - 1;

t.test("a timeout without end is none; others are rounded up to what a timer and the wire can hold", async (t) => {
  const cases: [given: number, told: number | undefined, timer: number | undefined][] = [
    [Number.POSITIVE_INFINITY, undefined, undefined],
    [Number.NaN, undefined, undefined],
    [-1, undefined, undefined],
    [0, undefined, undefined],
    [0.1, 1, 1],
    [1500.5, 1501, 1501],
    [3e9, 3e9, LONGEST_TIMER],
    [1e15, 2 ** 32 - 1, LONGEST_TIMER],
  ];
  for (const [timeoutMs, told, timer] of cases) {
    const { session, environment, server } = await ready();
    const settled = [
      session.predict([1], { timeoutMs }),
      session.predictBatch([[1]], { timeoutMs }),
      session.infer({ inputs: {}, timeoutMs }),
    ].map((promise) => promise.catch(() => {}));
    t.equal(environment.next, timer, `${timeoutMs}: the timer`);
    await until(() => server.frames().length === 4);
    const bodies = server.frames().slice(1);
    t.same(
      bodies.map(({ body }) => body && "timeoutMs" in body.value && body.value.timeoutMs),
      [told, told, told],
      `${timeoutMs}: the wire`,
    );
    session.close();
    await Promise.all(settled);
  }
});

t.test("a session's own timeout and the connection's times are treated alike", async (t) => {
  const never = { timeoutMs: Number.POSITIVE_INFINITY, heartbeatInterval: Number.POSITIVE_INFINITY };
  const { session, environment } = await ready({ ...never, connectionTimeout: Number.POSITIVE_INFINITY });
  const prediction = session.predict([1]);
  t.equal(environment.timers, 0);
  environment.socket.end(1006);
  await t.rejects(prediction, { code: "CONNECTION_LOST" });
  session.close();

  const patient = await ready({ maxReconnectDelay: Number.POSITIVE_INFINITY, reconnectDelay: 1e12, timeoutMs: 0 });
  patient.environment.socket.end(1006);
  t.equal(patient.environment.next, LONGEST_TIMER / 2);
});

t.test("a batch size without end leaves it to the server", async (t) => {
  const { session, server } = await ready();
  session.configure({ batchSize: Number.POSITIVE_INFINITY }).catch(() => {});
  const { body } = server.frames().at(-1) ?? {};
  t.equal(body?.$case === "config" && body.value.batchSize, undefined);
  void session.close();
});

t.test("a number that the field cannot hold is refused by name in binary, and loops nowhere", async (t) => {
  const proto = createCodec("proto");
  for (const batchSize of [Number.POSITIVE_INFINITY, Number.NaN, 1.5, -1, 2 ** 32]) {
    const value = {
      ensembleName: "e",
      manualBoostSignals: {},
      mode: 0,
      batchSize,
      includeMetadata: true,
      outputFormat: 0,
    };
    t.throws(() => proto.encode({ id: 1, body: { $case: "config", value } as never }), {
      name: "TidewireClientError",
      code: "INVALID_MESSAGE",
      message: /batch_size/,
    });
  }
  const shape = [Number.POSITIVE_INFINITY];
  const inputs = [{ name: "x", datatype: 11, shape, raw: new Uint8Array(0) }];
  t.throws(
    () => proto.encode({ id: 1, body: { $case: "infer", value: { model: "", inputs, outputs: [] } } as never }),
    {
      code: "INVALID_MESSAGE",
      message: /shape/,
    },
  );
});

t.test("nor does a timestamp without end", async (t) => {
  const value = { values: [], boundarySignals: {}, timestamp: { seconds: Number.POSITIVE_INFINITY, nanos: 0 } };
  const encode = () => createCodec("proto").encode({ id: 1, body: { $case: "predict", value } });
  t.throws(encode, { code: "INVALID_MESSAGE", message: /seconds/ });
});

t.test("a timestamp that is no instant is refused, not sent as 1970", async (t) => {
  const { session, server } = await ready();
  const none = new Date("yesterday");
  const refusal = { name: "TidewireClientError", code: "INVALID_MESSAGE", message: /timestamp/ };
  await t.rejects(session.predict([1], { timestamp: none }), refusal);
  await t.rejects(session.predictBatch([[1], [2]], { timestamps: [new Date(), none] }), refusal);
  t.equal(server.frames().length, 1, "the configuration alone");
  void session.close();
});

async function ready(options = {}) {
  const environment = new FakeEnvironment();
  const settings = { url: "ws://host", encoding: "json", heartbeatInterval: 0, ...options } as const;
  const session = openSession("e", settings, environment);
  const server = new FakeServer(environment);
  environment.socket.accept();
  server.acknowledge(8);
  await new Promise((resolve) => setImmediate(resolve));
  return { session, environment, server };
}
