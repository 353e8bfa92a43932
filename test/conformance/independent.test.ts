// ts-proto, protobufjs's reflection and JSON agree: on every golden, and on thousands of random messages.
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { MESSAGES, type MessageName } from "../../generated/ts/schema.js";
import { ClientFrame, ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import * as http from "../../generated/ts/tidewire/v1/http.js";
import { createWriter } from "../../src/wire/fast-writer.js";
import { frameFromJson, frameToJson, readMessage, writeMessage } from "../../src/wire/json.js";
import { jsonCodec } from "../../src/wire/json-codec.js";
import { type Message, planOf } from "../../src/wire/plan.js";
import { protoCodec } from "../../src/wire/proto-codec.js";
import { messages } from "./arbitraries.js";
import { readGoldens } from "./goldens.js";
import { peerDecode, peerEncode, peerView } from "./peer.js";

const RUNS = 2500;
const frames = { ClientFrame, ServerFrame };
type FrameName = "ClientFrame" | "ServerFrame";
const encode = (type: FrameName, frame: Message): Uint8Array =>
  new Uint8Array(frames[type].encode(frame as never, createWriter()).finish());
const decode = (type: FrameName, bytes: Uint8Array): Message => frames[type].decode(bytes) as never;

t.test("protobufjs reads and writes every golden as ts-proto does", async () => {
  for (const { name, type, hex } of readGoldens()) {
    const bytes = new Uint8Array(Buffer.from(hex, "hex"));
    const frame = decode(type, bytes);
    assert.deepStrictEqual(peerDecode(type, bytes), peerView(planOf(type), frame), name);
    assert.deepStrictEqual(decode(type, peerEncode(planOf(type), frame)), frame, name);
  }
});

for (const type of ["ClientFrame", "ServerFrame"] as const) {
  t.test(`${RUNS} random ${type}s: ts-proto and protobufjs agree both ways`, async () => {
    const property = fc.property(messages(type), (frame) => {
      const bytes = encode(type, frame);
      assert.deepStrictEqual(decode(type, bytes), frame);
      assert.deepStrictEqual(peerDecode(type, bytes), peerView(planOf(type), frame));
      assert.deepStrictEqual(decode(type, peerEncode(planOf(type), frame)), frame);
      assert.deepStrictEqual(
        new Uint8Array(frames[type].encode(frame as never).finish()),
        bytes,
        "ts-proto's own writer",
      );
    });
    fc.assert(property, { numRuns: RUNS });
  });

  t.test(`${RUNS} random ${type}s come back from JSON, and from JSON by way of bytes`, async () => {
    const property = fc.property(messages(type), (frame) => {
      const text = JSON.stringify(frameToJson(type, frame as never));
      const read = frameFromJson(type, JSON.parse(text)) as unknown as Message;
      assert.deepStrictEqual(read, frame);
      const again = decode(type, encode(type, read));
      assert.equal(JSON.stringify(frameToJson(type, again as never)), text);
    });
    fc.assert(property, { numRuns: RUNS });
  });
}

t.test("the server's codecs read and write what the generic functions do", async () => {
  const clients = fc.property(messages("ClientFrame"), (frame) => {
    assert.deepStrictEqual(protoCodec.decode(encode("ClientFrame", frame)), frame);
    const text = JSON.stringify(frameToJson("ClientFrame", frame as unknown as ClientFrame));
    assert.deepStrictEqual(jsonCodec.decode(text), frame);
  });
  fc.assert(clients, { numRuns: RUNS });
  const servers = fc.property(messages("ServerFrame"), (message) => {
    const frame = message as unknown as ServerFrame;
    assert.deepStrictEqual(new Uint8Array(protoCodec.encode(frame) as Uint8Array), encode("ServerFrame", message));
    assert.equal(jsonCodec.encode(frame), JSON.stringify(frameToJson("ServerFrame", frame)));
  });
  fc.assert(servers, { numRuns: RUNS });
});

t.test("bodies of HTTP come back from JSON", async () => {
  const types = Object.keys(http).filter((name) => Object.hasOwn(MESSAGES, name)) as MessageName[];
  for (const type of types) {
    const property = fc.property(messages(type), (message) => {
      const json = JSON.parse(JSON.stringify(writeMessage(type, message as never)));
      assert.deepStrictEqual(readMessage(type, json), message);
    });
    fc.assert(property, { numRuns: 200 });
  }
});
