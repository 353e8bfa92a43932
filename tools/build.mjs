// Builds every package: the clients first (the server's command line uses them), then the server.
// Usage: node tools/build.mjs [--clean]
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { execute, root } from "./execute.mjs";

const clean = process.argv.includes("--clean");

const clients = readdirSync(resolve(root, "clients")).map((name) => resolve(root, "clients", name));

for (const folder of [...clients, root]) {
  const project = ["tsconfig.build.json", "tsconfig.json"].map((name) => resolve(folder, name)).find(existsSync);
  if (!project) continue;
  if (clean) rmSync(resolve(folder, "dist"), { recursive: true, force: true });
  execute("tsc", ["-p", project], folder);
}
linkCommand("tidewire", resolve(root, "dist/src/main.js"));

/** Makes `npx <name>` run the built file in a checkout; npm itself links commands of dependencies only. */
function linkCommand(name, file) {
  chmodSync(file, 0o755);
  const link = resolve(root, "node_modules/.bin", name);
  mkdirSync(resolve(link, ".."), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync("../../dist/src/main.js", link);
}
