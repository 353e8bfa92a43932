// docs/protocol.md is run: every exchange against a real server, as JSON and as binary frames.
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { type Test, test } from "tap";
import WebSocket from "ws";
import { ClientFrame, ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { frameToJson } from "../../src/wire/json.js";
import { jsonCodec } from "../../src/wire/json-codec.js";
import { protoCodec } from "../../src/wire/proto-codec.js";
import { serve } from "../integration/support/serve.js";
import { differences, type Exchange, exchangesOf, parsePattern, type ShownFrame, withHex } from "./exchanges.js";

const path = new URL("../../docs/protocol.md", import.meta.url);
const document = readFileSync(path, "utf8");
const exchanges = exchangesOf(document);

test("every exchange happens as shown, as JSON", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const ask = await connect(t, url, "json");
  for (const { line, sent, answer } of exchanges) {
    const reply = JSON.parse(String(await ask(sent.text)));
    t.same(differences(parsePattern(answer.text), reply), [], `line ${line}`);
  }
  t.ok(exchanges.length >= 15);
});

test("every exchange that has a binary form happens as shown in it, and hex says the same as JSON", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"] });
  const ask = await connect(t, url, "proto");
  const hexOf = new Map<ShownFrame, string>();
  for (const exchange of exchanges) {
    const request = binaryOf(exchange);
    if (request === undefined) {
      t.same([exchange.sent.hex, exchange.answer.hex], [undefined, undefined], `line ${exchange.line} has JSON only`);
      continue;
    }
    const reply = (await ask(request)) as Buffer;
    const pattern = parsePattern(exchange.answer.text);
    t.same(differences(pattern, answerToJson(reply)), [], `line ${exchange.line}`);
    if (exchange.sent.hex) hexOf.set(exchange.sent, request.toString("hex"));
    if (exchange.answer.hex) hexOf.set(exchange.answer, reply.toString("hex"));
    if (!process.env.UPDATE) compareHex(t, exchange, request, pattern);
  }
  // UPDATE=1 writes the hex of all frames that show some.
  if (process.env.UPDATE) writeFileSync(path, withHex(document, hexOf));
});

function compareHex(t: Test, { line, sent, answer }: Exchange, request: Buffer, pattern: unknown): void {
  if (sent.hex) {
    t.equal(sent.hex, request.toString("hex"), `line ${line}: bytes of the request`);
    const json = frameToJson("ClientFrame", protoCodec.decode(Buffer.from(sent.hex, "hex")));
    t.same(json, frameToJson("ClientFrame", jsonCodec.decode(sent.text)), `line ${line}: hex and JSON of the request`);
  }
  if (answer.hex) {
    const json = answerToJson(Buffer.from(answer.hex, "hex"));
    t.same(differences(pattern, json), [], `line ${line}: hex and JSON of the answer`);
  }
}

/** The request as a binary frame; undefined where only JSON can be wrong in this way. */
function binaryOf({ sent }: Exchange): Buffer | undefined {
  try {
    const frame = jsonCodec.decode(sent.text);
    return Buffer.from(ClientFrame.encode(frame, new BinaryWriter()).finish());
  } catch {
    return undefined;
  }
}

/** A binary answer as JSON; each number has been through JSON too. */
function answerToJson(bytes: Uint8Array): unknown {
  return JSON.parse(JSON.stringify(frameToJson("ServerFrame", ServerFrame.decode(new BinaryReader(bytes)))));
}

async function connect(t: Test, url: string, encoding: "json" | "proto") {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/inference/stream`, `tidewire.v1.${encoding}`);
  t.teardown(() => socket.terminate());
  await once(socket, "open");
  return async (message: string | Buffer): Promise<Buffer> => {
    socket.send(message);
    const [reply] = (await once(socket, "message")) as [Buffer];
    return reply;
  };
}
