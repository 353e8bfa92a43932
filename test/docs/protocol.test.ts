// docs/protocol.md is run: every exchange against a real server, as JSON and as binary frames.
import { readFileSync, writeFileSync } from "node:fs";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { test } from "tap";
import { ClientFrame, ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { frameToJson } from "../../src/wire/json.js";
import { jsonCodec } from "../../src/wire/json-codec.js";
import { protoCodec } from "../../src/wire/proto-codec.js";
import { serve } from "../integration/support/serve.js";
import { Conversation, type Said } from "./conversation.js";
import { differences, exchangesOf, LastValues, parsePattern, type ShownFrame, withHex } from "./exchanges.js";

const path = new URL("../../docs/protocol.md", import.meta.url);
const document = readFileSync(path, "utf8");
const exchanges = exchangesOf(document, "/api/v1/inference/stream");
const CLOSE = /^close (\d+)$/;

test("every exchange happens as shown, as JSON", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const conversation = new Conversation(t, url, "tidewire.v1.json");
  const values = new LastValues();
  for (const { line, connection, sent, answers } of exchanges) {
    const said = await conversation.ask(connection, sent && values.fill(sent.text), answers.length);
    const frames = said.map((one) => (Buffer.isBuffer(one) ? JSON.parse(String(one)) : one));
    t.same(faults(answers, frames), [], `line ${line}`);
    values.note(frames);
  }
  t.same(conversation.rest, []);
  t.ok(exchanges.length >= 40);
});

test("every exchange that has a binary form happens as shown in it, and hex says the same as JSON", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const conversation = new Conversation(t, url, "tidewire.v1.proto");
  const values = new LastValues();
  const hexOf = new Map<ShownFrame, string>();
  for (const { line, connection, sent, answers } of exchanges) {
    const request = sent && binaryOf(values.fill(sent.text));
    if (sent && !request) {
      t.same([sent, ...answers].map(({ hex }) => hex).filter(Boolean), [], `line ${line} has JSON only`);
      continue;
    }
    const said = await conversation.ask(connection, request, answers.length);
    const frames = said.map(toJson);
    t.same(faults(answers, frames), [], `line ${line}`);
    values.note(frames);
    if (sent?.hex && request && !saysRequest(sent, request)) hexOf.set(sent, request.toString("hex"));
    answers.forEach((answer, i) => {
      const bytes = said[i];
      if (answer.hex && Buffer.isBuffer(bytes) && !saysAnswer(answer)) hexOf.set(answer, bytes.toString("hex"));
    });
  }
  t.same(conversation.rest, []);
  // UPDATE=1 writes the hex that is still to be filled in or does not say what the JSON says.
  if (process.env.UPDATE) writeFileSync(path, withHex(document, hexOf));
  else
    t.same(
      [...hexOf].map(([{ text }, hex]) => ({ text, hex })),
      [],
      "run this test with UPDATE=1 to write the hex",
    );
});

/** Where the answers are not those that are shown. */
function faults(shown: readonly ShownFrame[], frames: readonly unknown[]): string[] {
  return shown.flatMap(({ text }, i) => {
    const [, closeCode] = CLOSE.exec(text) ?? [];
    return differences(closeCode ? { closeCode: Number(closeCode) } : parsePattern(text), frames[i]);
  });
}

/** Whether the hex of a request is its bytes; where a value differs from run to run, whether it says the same as the JSON. */
function saysRequest({ text, hex = "" }: ShownFrame, request: Buffer): boolean {
  if (!text.includes("…")) return hex === request.toString("hex");
  try {
    const json = frameToJson("ClientFrame", protoCodec.decode(Buffer.from(hex, "hex")));
    const values = new LastValues();
    values.note(json);
    return differences(json, frameToJson("ClientFrame", jsonCodec.decode(values.fill(text)))).length === 0;
  } catch {
    return false;
  }
}

/** Whether the hex of an answer is one that fits. */
function saysAnswer({ text, hex = "" }: ShownFrame): boolean {
  try {
    return differences(parsePattern(text), toJson(Buffer.from(hex, "hex"))).length === 0;
  } catch {
    return false;
  }
}

/** The request as a binary frame; undefined where only JSON can be wrong in this way. */
function binaryOf(text: string): Buffer | undefined {
  try {
    return Buffer.from(ClientFrame.encode(jsonCodec.decode(text), new BinaryWriter()).finish());
  } catch {
    return undefined;
  }
}

/** A binary answer as JSON; each number has been through JSON too. */
function toJson(said: Said): unknown {
  if (!Buffer.isBuffer(said)) return said;
  return JSON.parse(JSON.stringify(frameToJson("ServerFrame", ServerFrame.decode(new BinaryReader(said)))));
}
