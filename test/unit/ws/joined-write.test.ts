// Many messages in one write: every one must be read as it was, by a parser of RFC 6455 and by `ws` over a socket.

import { once } from "node:events";
import fc from "fast-check";
import { test } from "tap";
import { Traffic } from "../../../src/session/traffic.js";
import type { Outgoing } from "../../../src/session/transport.js";
import type { MessageRun } from "../../../src/wire/hot.js";
import { SharedMessages } from "../../../src/wire/shared-messages.js";
import { Connection } from "../../../src/ws/connection.js";
import { countMessages, frameMessages } from "../../../src/ws/joined-write.js";
import { Turns } from "../../../src/ws/turns.js";
import { openPair } from "./pair.js";

/** Where a header's form changes, and around it. */
const BORDERS = [0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 65_534, 65_535, 65_536, 65_537, 70_000];

type Message = Uint8Array | string;

function parse(bytes: Buffer): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [first, second] = [bytes[at] as number, bytes[at + 1] as number];
    if ((first & 0xf0) !== 0x80) throw new Error(`no whole frame without extensions: ${first}`);
    if (second > 127) throw new Error("a server masks nothing");
    let [length, start] = [second, at + 2];
    if (second === 126) [length, start] = [bytes.readUInt16BE(at + 2), at + 4];
    if (second === 127) [length, start] = [Number(bytes.readBigUInt64BE(at + 2)), at + 10];
    if ((second === 126 && length < 126) || (second === 127 && length < 65_536))
      throw new Error("not the shortest length");
    const payload = bytes.subarray(start, start + length);
    if (payload.length < length) throw new Error("cut short");
    messages.push((first & 0x0f) === 1 ? payload.toString() : Uint8Array.from(payload));
    at = start + length;
  }
  return messages;
}

const filled = (size: number, seed = 0): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) & 0xff);

/** Messages that write themselves. */
function run(parts: readonly Uint8Array[]): MessageRun {
  return {
    count: parts.length,
    byteLength: (i) => (parts[i] as Uint8Array).length,
    write: (i, target, at) => {
      target.set(parts[i] as Uint8Array, at);
      return at + (parts[i] as Uint8Array).length;
    },
  };
}

const size = fc.oneof(fc.constantFrom(...BORDERS), fc.nat(300));
const bytes = fc.tuple(size, fc.nat(255)).map(([length, seed]) => filled(length, seed));
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 200 }),
  size.map((length) => "ü".repeat(length >> 1)),
);
/** What is sent, beside what must come. */
const sent: fc.Arbitrary<{ outgoing: Outgoing; messages: Message[] }> = fc.oneof(
  bytes.map((part) => ({ outgoing: part as Outgoing, messages: [part] as Message[] })),
  text.map((part) => ({ outgoing: part as Outgoing, messages: [part] as Message[] })),
  fc.array(bytes, { maxLength: 5 }).map((parts) => ({ outgoing: run(parts), messages: parts as Message[] })),
  fc
    .array(fc.oneof(bytes, text), { maxLength: 5 })
    .map((parts) => ({ outgoing: new SharedMessages(parts), messages: parts as Message[] })),
);

const joinFrames = (messages: readonly Outgoing[]): Buffer => Buffer.concat(frameMessages(messages));

test("what is shared is framed once", async (t) => {
  const shared = new SharedMessages(["a", filled(300)]);
  const [first] = frameMessages([shared]);
  const [before, second, after] = frameMessages(["b", "c", shared, "d"]);
  t.equal(second, first, "the same buffer for every connection");
  t.same(parse(before as Buffer), ["b", "c"]);
  t.same(parse(after as Buffer), ["d"]);
  t.equal(shared.bytes, 301);
  t.equal(countMessages(["b", shared, run([filled(1), filled(2)])]), 5);
});

test("whatever is joined is read as it was", async (t) => {
  const property = fc.property(fc.array(sent, { maxLength: 8 }), (all) => {
    const messages = all.flatMap((each) => each.messages);
    const outgoing = all.map((each) => each.outgoing);
    const joined = joinFrames(outgoing);
    const parsed = parse(joined);
    if (parsed.length !== messages.length) return false;
    return parsed.every(
      (message, i) =>
        Buffer.from(message).equals(Buffer.from(messages[i] as Message)) && typeof message === typeof messages[i],
    );
  });
  fc.assert(property, { numRuns: 300 });
  t.pass("300 random writes");
});

test("the shortest header for each length", async (t) => {
  for (const length of BORDERS) {
    const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    for (const outgoing of [filled(length), "x".repeat(length), run([filled(length)])]) {
      t.equal(joinFrames([outgoing]).length, header + length, `${length} bytes`);
    }
  }
  t.equal(joinFrames([]).length, 0);
  t.equal(joinFrames([run([])]).length, 0);
});

test("ws reads joined writes over a socket, its own frames among them", async (t) => {
  const { client, socket } = await openPair(t);
  const received: Message[] = [];
  const pings: string[] = [];
  client.on("message", (data: Buffer, isBinary) => received.push(isBinary ? Uint8Array.from(data) : data.toString()));
  client.on("ping", (data) => pings.push(data.toString()));
  const connection = new Connection(socket, { count: 0 }, new Traffic(), new Turns());

  const wanted: Message[] = [];
  for (const [i, length] of BORDERS.entries()) {
    const text = "ü".repeat(length >> 1);
    const parts = [filled(length, i), filled(3, i)];
    connection.send([filled(length, i), text, run(parts)]);
    socket.ping(String(length)); // ws writes this itself, between two of ours
    wanted.push(filled(length, i), text, ...parts);
  }
  const closed = once(client, "close");
  connection.close(4321, "enough");
  connection.send(["nothing more"]);
  const [code, reason] = await closed;
  t.same([code, String(reason)], [4321, "enough"]);
  t.equal(received.length, wanted.length);
  for (const [i, message] of wanted.entries()) {
    if (!Buffer.from(received[i] as Message).equals(Buffer.from(message))) t.fail(`message ${i} is another`);
    if (typeof received[i] !== typeof message) t.fail(`message ${i} is of another kind`);
  }
  t.same(pings, BORDERS.map(String));
});
