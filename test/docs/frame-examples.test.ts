// The examples of the socket's documents are the golden frames.
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "tap";
import { FRAME_EXAMPLES } from "../../src/docs/frame-examples.js";
import { linesModule, parseLines, type ShownFrame } from "../../src/docs/recording.js";
import { messagesOf } from "../../src/docs/socket-messages.js";
import { readGoldens } from "../conformance/goldens.js";

const path = new URL("../../src/docs/frame-examples.ts", import.meta.url);
const COMMENT =
  "// Written by test/docs/frame-examples.test.ts with UPDATE=1: the golden frames, every message among them. DO NOT EDIT.";

/** Not those that look for the limits of the encodings. */
const goldens = readGoldens().filter(({ file }) => file !== "edge_cases.json");
const frames = goldens.map(({ type, name, json }): ShownFrame => ({ frame: type, name, json }));

test("src/docs/frame-examples.ts holds the goldens", async (t) => {
  if (process.env.UPDATE) return writeFileSync(path, linesModule("FRAME_EXAMPLES", COMMENT, frames));
  t.equal(
    readFileSync(path, "utf8"),
    linesModule("FRAME_EXAMPLES", COMMENT, frames),
    "run this with UPDATE=1 to write it",
  );
  t.same(parseLines<ShownFrame>(FRAME_EXAMPLES), frames);
});

test("every message has an example, whose bytes are the golden's", async (t) => {
  const hexOf = new Map(goldens.map(({ type, name, hex }) => [`${type} ${name}`, hex]));
  for (const message of [...messagesOf("ClientFrame"), ...messagesOf("ServerFrame")]) {
    t.ok(message.examples.length > 0, message.type);
    for (const { name, hex } of message.examples) t.equal(hex, hexOf.get(`${message.frame} ${name}`), name);
  }
});
