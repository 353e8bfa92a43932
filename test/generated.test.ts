import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { staleFiles } from "../tools/generate.mjs";

const messages = fileURLToPath(new URL("../generated/ts/tidewire/v1/", import.meta.url));

t.test("generated/ is what `npm run generate` makes of proto/", async (t) => {
  t.same(staleFiles(), [], "run `npm run generate` and commit the result");
});

t.test("repeated numbers are packed, as proto3 wants it", async (t) => {
  // ts-proto 2.18 takes a repeated field with any option of its own as unpacked; such a field says `packed = true` too.
  const unpacked = /message\.\w+(?=\) \{\s+writer\.uint32\(\d+\)\.(?!string|bytes)\w+\(v!\))/g;
  const faults = readdirSync(messages).flatMap((name) =>
    [...readFileSync(join(messages, name), "utf8").matchAll(unpacked)].map(([field]) => `${name}: ${field}`),
  );
  t.same(faults, [], "add `packed = true` to the options of these fields in proto/");
});
