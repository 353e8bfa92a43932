import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");

/** Runs a command of node_modules/.bin with its output shown; a failure ends this process with the same status. */
export function execute(command, args, folder = root) {
  const { status, error } = spawnSync(resolve(root, "node_modules/.bin", command), args, {
    cwd: folder,
    stdio: "inherit",
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
