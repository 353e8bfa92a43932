// The rules of a conversation, without a socket: encoding, credit, invalid frames, draining, the end.
import { type Test, test } from "tap";
import type { ClientBody } from "../../integration/support/frames.js";
import {
  codeOf,
  config,
  floats,
  infer,
  ping,
  predict,
  predictBatch,
  type ServerBody,
} from "../../integration/support/frames.js";
import { ENCODINGS, type Encoding } from "../../integration/support/peer.js";
import { turn } from "../inference/fake-executor.js";
import { type Line, MODEL, scene, settled } from "./memory.js";

const reading = (key: number) => predict({ values: [key, 0] });
const asBytes = (encoding: Encoding): string => `tidewire.v1.${encoding}`;
const codes = (line: Line): unknown[] => line.transport.frames.map(({ body }) => codeOf(body as ServerBody));

/** A session that is configured, with nothing said yet of what the test is about. */
async function configured(line: Line, encoding: Encoding): Promise<Line> {
  line.say(encoding, 0, config(MODEL));
  await turn();
  line.transport.writes.length = 0;
  return line;
}

test("the subprotocol decides the encoding, and without one the first message does", async (t) => {
  for (const encoding of ENCODINGS) {
    for (const subprotocol of [asBytes(encoding), undefined]) {
      const line = scene().open(subprotocol);
      line.say(encoding, 1, ping);
      await turn();
      t.same(line.told, ["1 pong"]);
      t.type(line.transport.writes[0]?.[0], encoding === "json" ? "string" : Uint8Array);
    }
  }
});

test("a message of the other kind is an invalid frame, told in the encoding agreed on", async (t) => {
  for (const encoding of ENCODINGS) {
    for (const subprotocol of [asBytes(encoding), undefined]) {
      const line = scene().open(subprotocol);
      line.say(encoding, 1, ping);
      line.say(encoding === "json" ? "proto" : "json", 2, ping);
      line.say(encoding, 3, ping);
      await turn();
      t.same(codes(line), [undefined, "INVALID_FRAME", undefined]);
      t.equal(typeof line.transport.writes[0]?.[1], encoding === "json" ? "string" : "object");
    }
  }
});

test("what is said before the first message is JSON", async (t) => {
  const line = scene().open();
  line.session.reply(0, { $case: "pong", value: { timestamp: { seconds: 1, nanos: 0 } } });
  await turn();
  t.same(JSON.parse(String(line.transport.writes[0]?.[0])), { type: "pong", timestamp: "1970-01-01T00:00:01Z" });
});

test("all that is said in a turn leaves in one write, in the order asked", async (t) => {
  const line = scene().open();
  for (let id = 1; id <= 5; id += 1) line.say("proto", id, ping);
  t.same(line.transport.writes, [], "not before the turn ends");
  await turn();
  t.equal(line.transport.writes.length, 1);
  t.same(
    line.told,
    [1, 2, 3, 4, 5].map((id) => `${id} pong`),
  );
});

for (const encoding of ENCODINGS) {
  test(`${encoding}: a full window is read on, one request beyond it stops the reading`, async (t) => {
    const { executor, open } = scene({ maxInFlight: 4 });
    const line = await configured(open(asBytes(encoding)), encoding);
    for (let id = 1; id <= 4; id += 1) line.say(encoding, id, reading(id));
    t.same(line.transport.acts, [], "four of four: a ping is still heard");
    t.notOk(line.session.owesAnswers);
    line.say(encoding, 5, reading(5));
    t.same(line.transport.acts, ["pause"], "five of four");
    t.ok(line.session.owesAnswers);
    line.say(encoding, 6, reading(6));
    await settled();
    t.same(line.transport.acts, ["pause"], "what had been read is taken all the same");
    t.same(line.told, []);
    executor.free();
    await settled();
    t.same(line.transport.acts, ["pause", "resume"]);
    t.notOk(line.session.owesAnswers);
    t.same(
      line.told.sort(),
      [1, 2, 3, 4, 5, 6].map((id) => `${id} prediction`),
    );
  });

  test(`${encoding}: refused requests and pings cost no credit`, async (t) => {
    const { open } = scene({ maxInFlight: 2 });
    const line = await configured(open(asBytes(encoding)), encoding);
    for (let id = 1; id <= 10; id += 1) {
      line.say(encoding, id, predict({ boundarySignals: { key: 1 } }));
      line.say(encoding, id, predict({ values: [1] }));
      line.say(encoding, id, ping);
    }
    t.same(line.transport.acts, []);
    line.say(encoding, 11, reading(11));
    t.same(line.transport.acts, []);
    line.say(encoding, 12, reading(12));
    t.same(line.transport.acts, []);
    line.say(encoding, 13, reading(13));
    t.same(line.transport.acts, ["pause"]);
  });

  test(`${encoding}: a failed request gives its credit back`, async (t) => {
    const { executor, open } = scene({ maxInFlight: 1 });
    const line = await configured(open(asBytes(encoding)), encoding);
    executor.bad.add(1);
    executor.free();
    for (let round = 0; round < 5; round += 1) {
      line.say(encoding, 1, reading(1));
      line.say(encoding, 2, reading(2));
      await settled();
    }
    t.same(line.transport.acts, Array(5).fill(["pause", "resume"]).flat());
    t.equal(line.told.filter((reply) => reply === "1 error").length, 5);
    t.equal(line.told.filter((reply) => reply === "2 prediction").length, 5);
  });
}

/** Whether a request costs that much credit and no more; it does not stop the reading of a window as large. */
async function costs(t: Test, credit: number, body: ClientBody): Promise<void> {
  for (const [maxInFlight, acts] of [
    [credit, []],
    [credit - 1, ["pause", "resume"]],
  ] as const) {
    const { executor, open } = scene({ maxInFlight, maxBatchRows: 65_536 });
    const line = await configured(open(asBytes("proto")), "proto");
    line.say("proto", 1, body);
    executor.free();
    await settled();
    t.same(line.transport.acts, acts, `${body.$case} in a window of ${maxInFlight}`);
  }
}

test("large requests cost more: one more for each 64 KiB and for each 16 rows, and infer 64 more", async (t) => {
  const rows = (count: number) => predictBatch({ matrix: new Uint8Array(count * 8) });
  await costs(t, 2, rows(16));
  await costs(t, 2, rows(31));
  await costs(t, 1 + 500, rows(8000));
  await costs(t, 1 + 2 + 1024, rows(16_384));
  const padding = { ["x".repeat(200 * 1024)]: 1 };
  await costs(t, 1 + 3, predict({ boundarySignals: { key: 1, row: 0, ...padding } }));
  await costs(t, 1 + 64, infer("", [floats("boundary_signals", [1, 2], [1, 0])]));
});

test("unsent bytes beyond the budget stop reading until the network has taken them", async (t) => {
  const { open } = scene({ maxQueuedBytes: 1000 });
  const line = open(asBytes("json"));
  line.transport.unsentBytes = 1000;
  line.say("json", 1, ping);
  await turn();
  t.same(line.transport.acts, [], "the budget may be used up");
  line.transport.unsentBytes = 1001;
  line.say("json", 2, ping);
  t.same(line.transport.acts, ["pause"]);
  await turn();
  t.same(line.told, ["1 pong", "2 pong"], "what it owes it says");
  t.notOk(line.session.owesAnswers, "it is the client that does not read");
  line.session.drained();
  t.same(line.transport.acts, ["pause"], "not taken yet");
  line.transport.unsentBytes = 0;
  line.session.drained();
  t.same(line.transport.acts, ["pause", "resume"]);
});

test("credit and unsent bytes both have to allow reading", async (t) => {
  const { executor, open } = scene({ maxInFlight: 1, maxQueuedBytes: 10 });
  const line = await configured(open(asBytes("proto")), "proto");
  line.say("proto", 1, reading(1));
  line.transport.unsentBytes = 11;
  executor.free();
  await settled();
  t.same(line.transport.acts, ["pause"], "answered, but not sent");
  line.transport.unsentBytes = 0;
  line.session.drained();
  t.same(line.transport.acts, ["pause", "resume"]);
});

for (const encoding of ENCODINGS) {
  const rubbish = encoding === "json" ? "{" : Uint8Array.of(0xff, 0xff);

  test(`${encoding}: a hundred invalid frames in a row close with 4400, ninety-nine and a good one do not`, async (t) => {
    const line = scene().open(asBytes(encoding));
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 99; i += 1) line.session.receive(rubbish);
      line.say(encoding, 1, round === 0 ? ping : reading(1)); // refused, but a frame
    }
    t.same(line.transport.acts, []);
    for (let i = 0; i < 100; i += 1) line.session.receive(rubbish);
    t.same(line.transport.acts, ["close 4400"]);
    t.equal(
      codes(line).filter((code) => code === (encoding === "json" ? "INVALID_JSON" : "INVALID_FRAME")).length,
      397,
    );
    const said = line.told.length;
    line.say(encoding, 2, ping);
    await settled();
    t.equal(line.told.length, said, "it says nothing more");
  });

  test(`${encoding}: frames that say something wrong end no connection, however many`, async (t) => {
    const line = await configured(scene().open(asBytes(encoding)), encoding);
    for (let id = 1; id <= 300; id += 1) line.say(encoding, id, predict({ values: [1, 0], timeoutMs: 0 }));
    line.say(encoding, 301, ping);
    await settled();
    t.same(line.transport.acts, []);
    t.same(new Set(codes(line).slice(0, 300)), new Set(["INVALID_MESSAGE"]));
    t.equal(line.told.at(-1), "301 pong");
  });

  test(`${encoding}: an invalid frame tells the id that could still be read`, async (t) => {
    const line = scene().open(asBytes(encoding));
    const unknown = encoding === "json" ? '{"type":"dance","id":77}' : Uint8Array.of(8, 77, 0xfa, 1, 0);
    const broken = encoding === "json" ? '{"type":"config","id":78,"data":7}' : Uint8Array.of(8, 78, 0x12, 9, 1);
    line.session.receive(unknown);
    line.session.receive(broken);
    line.say(encoding, 79, reading(1));
    await turn();
    t.same(line.told, ["77 error", "78 error", "79 error"]);
    t.same(codes(line), [
      "UNKNOWN_MESSAGE_TYPE",
      encoding === "json" ? "INVALID_MESSAGE" : "INVALID_FRAME",
      "MISSING_ENSEMBLE",
    ]);
  });

  test(`${encoding}: draining answers what is in flight, refuses what comes, then closes with 1001`, async (t) => {
    const { executor, directory, open } = scene();
    const busy = await configured(open(asBytes(encoding)), encoding);
    const idle = open(asBytes(encoding));
    busy.say(encoding, 1, reading(1));
    await turn();
    let isDrained = false;
    const drained = directory.drain().then(() => {
      isDrained = true;
    });
    idle.say(encoding, 1, ping);
    t.same(idle.transport.acts, [], "what it had sent already is still read");
    for (const [id, body] of [
      [2, reading(2)],
      [3, ping],
      [4, config(MODEL)],
    ] as const)
      busy.say(encoding, id, body);
    await settled();
    t.same(busy.told, ["2 error", "3 error", "4 error"]);
    t.same(codes(busy), Array(3).fill("SHUTTING_DOWN"));
    t.same([busy.transport.acts, isDrained], [[], false]);
    executor.free();
    await drained;
    t.equal(busy.told.at(-1), "1 prediction");
    t.same(busy.transport.acts, ["close 1001"]);
    t.same([idle.told, codes(idle), idle.transport.acts], [["1 error"], ["SHUTTING_DOWN"], ["close 1001"]]);
    t.equal(directory.size, 0);
    await directory.drain();
  });
}

test("a connection that is lost while draining does not hold the drain up", async (t) => {
  const { directory, open } = scene();
  const line = await configured(open(asBytes("proto")), "proto");
  line.say("proto", 1, reading(1));
  await turn();
  const drained = directory.drain();
  line.session.closed();
  await drained;
  t.equal(directory.size, 0);
});

test("the end is told once, whoever brings it about", async (t) => {
  const { executor, directory, open } = scene();
  const line = await configured(open(asBytes("proto")), "proto");
  line.say("proto", 1, reading(1));
  line.say("proto", 2, ping);
  t.equal(directory.size, 1);
  line.session.end(4400, "x".repeat(1000));
  line.session.end(1001, "again");
  line.session.closed();
  line.session.closed();
  await line.session.drain();
  t.same(line.transport.acts, ["close 4400"]);
  t.same(line.told, ["2 pong"], "what was to be said is said before the close");
  t.equal(directory.size, 0);
  executor.free();
  await settled();
  t.same(line.told, ["2 pong"], "the answer comes to nobody");
});

test("a closed session's requests are not run, and its readings stay counted", async (t) => {
  const { executor, directory, open } = scene();
  const [gone, stays] = [
    await configured(open(asBytes("proto")), "proto"),
    await configured(open(asBytes("proto")), "proto"),
  ];
  executor.free();
  gone.say("proto", 1, reading(1));
  await settled();
  gone.say("proto", 2, reading(2));
  stays.say("proto", 3, reading(3));
  t.match(directory.stats(), { activeConnections: 2, totalPredictions: 1 });
  gone.session.closed();
  await settled();
  t.same(executor.runs, [[1], [3]]);
  t.match(directory.stats(), { activeConnections: 1, totalPredictions: 2 });
});

test("requests of one turn from many sessions are one run, and each gets its own", async (t) => {
  const { executor, open } = scene();
  const lines = await Promise.all([1, 2, 3].map(() => configured(open(asBytes("proto")), "proto")));
  for (const [i, line] of lines.entries()) for (const id of [1, 2]) line.say("proto", id, reading(10 * i + id));
  executor.free();
  await settled();
  t.same(executor.runs, [[1, 2, 11, 12, 21, 22]]);
  for (const [i, line] of lines.entries()) {
    t.equal(line.transport.writes.length, 1, "one write");
    const values = line.transport.frames.map(({ body }) => (body?.$case === "prediction" ? body.value.values : []));
    t.same(values, [[(10 * i + 1) * 1000], [(10 * i + 2) * 1000]]);
  }
});
