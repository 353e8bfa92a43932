// Replays every golden frame both ways, in both encodings.
import assert from "node:assert/strict";
import t from "tap";
import { MESSAGES } from "../../generated/ts/schema.js";
import { ClientFrame, ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { createWriter } from "../../src/wire/fast-writer.js";
import { type FrameType, frameFromJson, frameToJson } from "../../src/wire/json.js";
import { jsonCodec } from "../../src/wire/json-codec.js";
import { protoCodec } from "../../src/wire/proto-codec.js";
import { type Golden, readGoldens } from "./goldens.js";

const goldens = readGoldens();
const bytesOf = (golden: Golden) => new Uint8Array(Buffer.from(golden.hex, "hex"));
const hexOf = (bytes: Uint8Array | string) => Buffer.from(bytes as Uint8Array).toString("hex");

t.test("the server reads every client golden in both encodings, and a client writes it", async (t) => {
  for (const golden of goldens.filter(({ type }) => type === "ClientFrame")) {
    const frame = protoCodec.decode(bytesOf(golden));
    assert.deepStrictEqual(frameToJson("ClientFrame", frame), golden.json, golden.name);
    const read = jsonCodec.decode(JSON.stringify(golden.json));
    assert.deepStrictEqual(read, frame, golden.name);
    assert.equal(hexOf(ClientFrame.encode(read).finish()), golden.hex, `${golden.name}, ts-proto's own writer`);
    assert.equal(hexOf(ClientFrame.encode(read, createWriter()).finish()), golden.hex, `${golden.name}, our writer`);
    t.pass(golden.name);
  }
});

t.test("the server writes every server golden in both encodings, and a client reads it", async (t) => {
  for (const golden of goldens.filter(({ type }) => type === "ServerFrame")) {
    const frame = ServerFrame.decode(bytesOf(golden));
    assert.deepStrictEqual(JSON.parse(jsonCodec.encode(frame) as string), golden.json, golden.name);
    const read = frameFromJson("ServerFrame", golden.json);
    assert.deepStrictEqual(read, frame, golden.name);
    assert.equal(hexOf(protoCodec.encode(read)), golden.hex, golden.name);
    assert.equal(hexOf(ServerFrame.encode(read).finish()), golden.hex, `${golden.name}, ts-proto's own writer`);
    t.pass(golden.name);
  }
});

t.test("every body and every event kind has a golden", async (t) => {
  const kinds = (message: "ClientFrame" | "ServerFrame" | "Event") =>
    MESSAGES[message].fields.filter((field) => field.oneof).map((field) => field.name);
  const seen = (type: FrameType) =>
    new Set(goldens.filter((golden) => golden.type === type).map(({ json }) => json.type));
  t.same(
    kinds("ClientFrame").filter((name) => !seen("ClientFrame").has(name)),
    [],
  );
  const bodies = kinds("ServerFrame").filter((name) => name !== "event");
  t.same(
    [...bodies, ...kinds("Event")].filter((name) => !seen("ServerFrame").has(name)),
    [],
  );
});

t.test("each golden has a name of its own", async (t) => {
  t.equal(new Set(goldens.map(({ name }) => name)).size, goldens.length);
});
