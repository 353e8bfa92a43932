// Builds every package: the clients first (the server's command line uses one, and serves another), then the server.
// Usage: node tools/build.mjs [--clean]
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { installDashboard } from "./dashboard.mjs";
import { execute, root, runScript } from "./execute.mjs";

/** Each package after those whose built files it uses. */
const CLIENTS = ["ts", "react", "dashboard"];

const clean = process.argv.includes("--clean");
const folders = CLIENTS.map((name) => resolve(root, "clients", name));

for (const folder of folders) {
  const { scripts } = JSON.parse(readFileSync(resolve(folder, "package.json"), "utf8"));
  if (!scripts?.build) continue;
  if (clean) rmSync(resolve(folder, "dist"), { recursive: true, force: true });
  runScript("build", folder);
}
if (clean) rmSync(resolve(root, "dist"), { recursive: true, force: true });
execute("tsc", ["-p", "tsconfig.build.json"]);
installDashboard(resolve(root, "clients/dashboard/dist"), resolve(root, "dist/dashboard"));
linkCommand("tidewire", resolve(root, "dist/src/main.js"));

/** Makes `npx <name>` run the built file in a checkout; npm itself links commands of dependencies only. */
function linkCommand(name, file) {
  chmodSync(file, 0o755);
  const link = resolve(root, "node_modules/.bin", name);
  mkdirSync(resolve(link, ".."), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync("../../dist/src/main.js", link);
}
