import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");

/** Runs a command of node_modules/.bin with its output shown; a failure ends this process with the same status. */
export function execute(command, args, folder = root) {
  run(resolve(root, "node_modules/.bin", command), args, folder);
}

/** Runs a script of the package in `folder`, as {@link execute} does. */
export function runScript(name, folder) {
  run("npm", ["run", "--silent", name], folder);
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
