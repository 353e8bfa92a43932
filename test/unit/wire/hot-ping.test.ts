// Pings and pongs by hand are those of the generated codec, byte for byte.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { ClientFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { matchPing, PongRun } from "../../../src/wire/hot-ping.js";
import { protoCodec } from "../../../src/wire/proto-codec.js";
import { messages } from "../../conformance/arbitraries.js";

const RUNS = 5000;
const EDGES = [0, 1, 127, 128, 2 ** 14 - 1, 2 ** 14, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 31 - 1];
const positive = fc.oneof(fc.constantFrom(...EDGES), fc.nat());
const int32 = fc.oneof(positive, fc.integer(), fc.constantFrom(-1, -(2 ** 31)));

const ping = (id: number): Uint8Array => ClientFrame.encode({ id, body: { $case: "ping", value: {} } }).finish();

test("every ping with an id that is not negative matches", async () => {
  fc.assert(
    fc.property(positive, (id) => assert.equal(matchPing(ping(id)), id)),
    { numRuns: RUNS },
  );
  assert.equal(matchPing(ping(-1)), -1, "a negative one is the generated decoder's");
});

test("whatever matches, the generic decoder reads alike; what it refuses does not match", async (t) => {
  let matched = 0;
  const check = (message: Uint8Array): void => {
    const id = matchPing(message);
    if (id < 0) return;
    matched += 1;
    assert.deepStrictEqual(protoCodec.decode(message), { id, body: { $case: "ping", value: {} } });
  };
  const edits = fc.array(fc.tuple(fc.nat(12), fc.nat(255)), { maxLength: 3 });
  const mutants = fc.property(int32, edits, (id, changes) => {
    const message = Uint8Array.from(ping(id));
    for (const [at, byte] of changes) if (at < message.length) message[at] = byte;
    for (let end = 0; end <= message.length; end += 1) check(message.subarray(0, end));
    check(Uint8Array.from([...message, 0]));
  });
  fc.assert(mutants, { numRuns: RUNS });
  const short = fc.uint8Array({ maxLength: 9 });
  fc.assert(fc.property(short, check), { numRuns: RUNS });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 7 }), (head) => check(Uint8Array.from([...head, 0x52, 0]))),
    { numRuns: RUNS },
  );
  fc.assert(
    fc.property(messages("ClientFrame"), (frame) => check(ClientFrame.encode(frame as never).finish())),
    { numRuns: RUNS },
  );
  t.ok(matched > 1_000, `${matched} matched`);
});

test("pongs are written as the generated encoder writes them", async () => {
  const times = fc.record({ seconds: fc.integer({ min: 0, max: 4e9 }), nanos: fc.nat(999_999_999) });
  fc.assert(
    fc.property(times, fc.array(int32, { minLength: 1, maxLength: 6 }), (timestamp, ids) => {
      const run = new PongRun(timestamp);
      const bytes = ids.map((id) => run.add(id));
      assert.equal(run.count, ids.length);
      for (const [i, id] of ids.entries()) {
        const expected = Buffer.from(
          protoCodec.encode({ id, body: { $case: "pong", value: { timestamp } } }) as Uint8Array,
        );
        const target = Buffer.alloc(expected.length + 7, 0xee);
        assert.equal(run.write(i, target, 3), expected.length + 3);
        assert.deepStrictEqual([run.byteLength(i), bytes[i]], [expected.length, expected.length]);
        assert.equal(target.toString("hex"), `eeeeee${expected.toString("hex")}eeeeeeee`);
      }
    }),
    { numRuns: RUNS },
  );
});
