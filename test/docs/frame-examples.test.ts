// The examples of the socket's documents are the golden frames.
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "tap";
import { FRAME_EXAMPLES } from "../../src/docs/frame-examples.js";
import { messagesOf } from "../../src/docs/socket-messages.js";
import { type Golden, readGoldens } from "../conformance/goldens.js";

const path = new URL("../../src/docs/frame-examples.ts", import.meta.url);
const HEAD = `// Written by test/docs/frame-examples.test.ts with UPDATE=1, from the golden frames. DO NOT EDIT.
import type { JsonObject } from "../wire/json.js";

/** A frame as JSON. */
interface ShownFrame {
  readonly frame: "ClientFrame" | "ServerFrame";
  readonly name: string;
  readonly json: JsonObject;
}

/** Frames to show, every message among them. */
export const FRAME_EXAMPLES: readonly ShownFrame[] = [
`;

/** Not those that look for the limits of the encodings. */
const goldens = readGoldens().filter(({ file }) => file !== "edge_cases.json");

function written(): string {
  const lines = goldens.map(({ type, name, json }) => `  ${JSON.stringify({ frame: type, name, json })},`);
  return `${HEAD}${lines.join("\n")}\n];\n`;
}

test("src/docs/frame-examples.ts holds the goldens", async (t) => {
  if (process.env.UPDATE) return writeFileSync(path, written());
  const shown = FRAME_EXAMPLES.map(({ frame, name, json }) => ({ type: frame, name, json }));
  t.same(
    shown,
    goldens.map(({ type, name, json }) => ({ type, name, json })),
    "run this test with UPDATE=1 to write it",
  );
  t.match(readFileSync(path, "utf8"), "DO NOT EDIT");
});

test("every message has an example, whose bytes are the golden's", async (t) => {
  const hexOf = new Map(goldens.map((golden: Golden) => [`${golden.type} ${golden.name}`, golden.hex]));
  for (const message of [...messagesOf("ClientFrame"), ...messagesOf("ServerFrame")]) {
    t.ok(message.examples.length > 0, message.type);
    for (const { name, hex } of message.examples) t.equal(hex, hexOf.get(`${message.frame} ${name}`), name);
  }
});
