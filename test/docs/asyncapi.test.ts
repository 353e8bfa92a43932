// The AsyncAPI document is true: it is valid, its payloads are what goldens and codecs say, and its paths are those that are
// served.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { type Test, test } from "tap";
import WebSocket from "ws";
import { closeCodes } from "../../src/docs/socket-codes.js";
import { messagesOf } from "../../src/docs/socket-messages.js";
import type { JsonObject } from "../../src/wire/json.js";
import { readGoldens } from "../conformance/goldens.js";
import { serve } from "../integration/support/serve.js";
import { ajvOf } from "../support/ajv.js";

interface Documented {
  readonly channels: Readonly<Record<string, { readonly address: string; readonly messages: JsonObject }>>;
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly payload: JsonObject; readonly examples: { payload: JsonObject }[] }>
    >;
    readonly schemas: JsonObject;
  };
}

const { "3.0.0": metaSchema } = createRequire(import.meta.url)("@asyncapi/specs").schemasWithoutId as Record<
  string,
  JsonObject
>;
/** Types that clients and server say; every golden's is one. */
const TYPES = [...messagesOf("ClientFrame"), ...messagesOf("ServerFrame")];

async function fetched(t: Test): Promise<{ url: string; document: Documented }> {
  const { url } = await serve(t, { models: [], flags: { eventLog: "memory" } });
  return { url, document: (await (await fetch(`${url}/docs/asyncapi.json`)).json()) as Documented };
}

test("the document is valid AsyncAPI 3.0", async (t) => {
  const { document } = await fetched(t);
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
  const fits = ajv.compile(metaSchema as object);
  t.ok(fits(document), ajv.errorsText(fits.errors));
});

test("every golden frame fits the payload of its message, and every message is on every path", async (t) => {
  const { document } = await fetched(t);
  const { messages, schemas } = document.components;
  t.same(Object.keys(messages).sort(), TYPES.map(({ type }) => type).sort());
  const ajvs = { ClientFrame: ajvOf("taken"), ServerFrame: ajvOf("given") };
  for (const ajv of Object.values(ajvs)) ajv.addSchema({ $id: "document", components: { schemas } });
  // What is no number is refused too, by a code of its own: as a frame it is valid.
  for (const { type, name, json } of readGoldens().filter((golden) => golden.name !== "reading_not_finite")) {
    const payload = JSON.parse(JSON.stringify(messages[json.type]?.payload).replaceAll('"#/', '"document#/'));
    const fits = ajvs[type].compile(payload);
    t.ok(fits(json), `${name}: ${ajvs[type].errorsText(fits.errors)}`);
  }
  for (const { messages: said } of Object.values(document.channels)) t.same(Object.keys(said), Object.keys(messages));
});

test("every path is served, and every reply is named by its request", async (t) => {
  const { url, document } = await fetched(t);
  const run = JSON.stringify({ experiment_id: "run_7" });
  const headers = { "content-type": "application/json" };
  await fetch(`${url}/api/v1/training/logs/session`, { method: "POST", body: run, headers });
  for (const { address } of Object.values(document.channels)) {
    const socket = new WebSocket(url.replace("http", "ws") + address.replace(/\{\w+\}/, "run_7"), "tidewire.v1.json");
    const answer = await new Promise<string>((resolve, reject) => {
      socket.once("error", reject).once("open", () => socket.send('{"type":"ping","id":7}'));
      socket.on("message", (text) => {
        if (JSON.parse(String(text)).id === 7) resolve(String(text));
      });
    });
    t.match(JSON.parse(answer), { type: "pong", id: 7 }, address);
    socket.terminate();
  }
  const said = new Set(messagesOf("ServerFrame").map(({ type }) => type));
  for (const { type, answeredBy } of messagesOf("ClientFrame")) {
    t.equal(answeredBy.length, 1, `the schema says what answers ${type}`);
    for (const reply of answeredBy) t.ok(said.has(reply), `${type} is answered by ${reply}`);
  }
});

test("the close codes are those of docs/protocol.md", async (t) => {
  const text = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
  const [, table = ""] = /## Close codes\n([\s\S]*?)\n\n[A-Z]/.exec(text) ?? [];
  const shown = [...table.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes = ""]) => codes.split(", ").map(Number));
  t.same(
    closeCodes().map(({ code }) => code),
    [...new Set(shown)].sort((a, b) => a - b),
  );
});
