// Makes dist/ fit to be published: what the client does not use, and a page would have to load, is taken out.
// Usage: node tools/pack.mjs [folder]   (after tsc; the folder is dist/ unless said)
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const dist = resolve(process.argv[2] ?? join(import.meta.dirname, "../dist"));
const generated = join(dist, "generated/ts");
/** An import of the encoders' types, a declared encoder, and the interfaces of encoders. */
const ENCODERS =
  /^import .*"@bufbuild\/protobuf\/wire";\n|^export declare const \w+: MessageFns<.*;\n|^interface \w+Fns(<T>)? \{\n[\s\S]*?^\}\n/gm;
/** What the schema's table says to people and to strict readers: the client trusts its server. */
const REMARKS =
  /, (required|lenient): true|, (unit|title): "(?:[^"\\]|\\.)*"|, (min|max|maxBytes): -?[\d.]+|(success: true|delivery: "\w+"), /g;

// The types alone: the encoders would make @bufbuild/protobuf a dependency.
for (const folder of ["google/protobuf", "tidewire/v1"].map((name) => join(generated, name))) {
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".js")) rmSync(join(folder, name));
    else without(join(folder, name), ENCODERS);
  }
}
without(join(generated, "schema.js"), REMARKS);

function without(path, pattern) {
  writeFileSync(path, readFileSync(path, "utf8").replace(pattern, ""));
}
