// Writes the bytes of golden frames that have none yet, from their JSON. A golden that has bytes is never touched: it
// is what clients out there speak. To make one anew, delete its `hex` by hand and say why in the commit.
// Usage: node --import=./tools/typescript.mjs tools/fill-goldens.ts
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { ClientFrame, ServerFrame } from "../generated/ts/tidewire/v1/frame.js";
import { createWriter } from "../src/wire/fast-writer.js";
import { frameFromJson } from "../src/wire/json.js";
import type { Golden } from "../test/conformance/goldens.js";

const folder = new URL("../test/conformance/golden/", import.meta.url);

for (const name of readdirSync(folder)) {
  const file = new URL(name, folder);
  const goldens = JSON.parse(readFileSync(file, "utf8")) as (Omit<Golden, "hex"> & { hex?: string })[];
  const empty = goldens.filter((golden) => golden.hex === undefined).length;
  if (empty === 0) continue;
  const filled = goldens.map(({ name, type, hex, json, note }) => ({
    name,
    type,
    note,
    hex: hex ?? bytesOf(type, json),
    json,
  }));
  writeFileSync(file, `${JSON.stringify(filled, null, 2)}\n`);
  console.log(`${name}: ${empty} filled in, ${goldens.length - empty} left as they were`);
}

function bytesOf(type: Golden["type"], json: unknown): string {
  const writer =
    type === "ClientFrame"
      ? ClientFrame.encode(frameFromJson(type, json), createWriter())
      : ServerFrame.encode(frameFromJson(type, json), createWriter());
  return Buffer.from(writer.finish()).toString("hex");
}
