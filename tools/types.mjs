// Type-checks everything: the repository, then what runs in browsers too, with tsconfigs of their own. Build first:
// packages see each other through their built declarations.
import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { execute, root } from "./execute.mjs";

const clients = readdirSync(resolve(root, "clients")).map((name) => resolve(root, "clients", name));

for (const folder of [root, resolve(root, "test/browser"), ...clients]) {
  const project = resolve(folder, "tsconfig.json");
  if (!existsSync(project)) continue;
  execute("tsc", ["-p", project, "--noEmit"], folder);
}
