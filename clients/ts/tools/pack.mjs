// Makes dist/ fit to be published: what the client does not use, and a page would have to load, is taken out.
// Usage: node tools/pack.mjs [folder]   (after tsc; the folder is dist/ unless said)
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { laterModule, packSchema, schemaModule, unpackSchema } from "./schema-text.mjs";

const dist = resolve(process.argv[2] ?? join(import.meta.dirname, "../dist"));
const generated = join(dist, "generated/ts");
/** An import of the encoders' types, a declared encoder, and the interfaces of encoders. */
const ENCODERS =
  /^import .*"@bufbuild\/protobuf\/wire";\n|^export declare const \w+: MessageFns<.*;\n|^interface \w+Fns(<T>)? \{\n[\s\S]*?^\}\n/gm;
/** Frames that only code sends, or gets an answer to, which is loaded when it is first used. */
const SELDOM = "Authenticate Authenticated CancelAccepted CancelTask Infer InferResult Publish Published".split(" ");
/** What the schema's table says to people and to strict readers: the client trusts its server. */
const REMARKS = new Set(["required", "lenient", "unit", "title", "min", "max", "maxBytes", "success", "delivery"]);

// The types alone: the encoders would make @bufbuild/protobuf a dependency.
for (const folder of ["google/protobuf", "tidewire/v1"].map((name) => join(generated, name))) {
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".js")) rmSync(join(folder, name));
    else withoutEncoders(join(folder, name));
  }
}
await packTables();

function withoutEncoders(path) {
  writeFileSync(path, readFileSync(path, "utf8").replace(ENCODERS, ""));
}

/** The schema's table as texts and the function that reads them: a page loads half the bytes. */
async function packTables() {
  const path = join(generated, "schema.js");
  const { ENUMS, MESSAGES } = await import(pathToFileURL(path).href);
  const isRemark = (name, value) => REMARKS.has(name) || (name === "shape" && value === "tagged");
  const messages = JSON.parse(JSON.stringify(MESSAGES, (name, value) => (isRemark(name, value) ? undefined : value)));
  const [frames, rest] = split(ENUMS, messages, closure(messages, ["ClientFrame", "ServerFrame"], SELDOM));
  const [seldom, others] = split(...rest, closure(messages, SELDOM));
  writeFileSync(path, schemaModule(pack(...frames)));
  writeFileSync(join(dist, "clients/ts/src/wire/seldom-schema.js"), laterModule(pack(...seldom)));
  writeFileSync(join(dist, "clients/ts/src/rest/schema.js"), laterModule(pack(...others)));
}

/** The names of the messages, and of all that they hold; those left out, and what only they hold, are not among them. */
function closure(messages, names, without = []) {
  const found = new Set(names);
  for (const name of found)
    for (const { type } of messages[name]?.fields ?? []) if (type && !without.includes(type)) found.add(type);
  return found;
}

/** Enums and messages that are in the set, and those that are not. */
function split(enums, messages, names) {
  const of = (table, isWanted) =>
    Object.fromEntries(Object.entries(table).filter(([name]) => names.has(name) === isWanted));
  return [true, false].map((isWanted) => [of(enums, isWanted), of(messages, isWanted)]);
}

function pack(enums, messages) {
  const text = packSchema(enums, messages);
  if (!isDeepStrictEqual(unpackSchema(text), [enums, messages])) throw new Error("schema-text.mjs loses something");
  return text;
}
