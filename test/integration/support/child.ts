// A server in a process of its own, where signals and memory count.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Test } from "tap";
import { PACKAGE_ROOT } from "../../../src/config/index.js";
import { modelsFolder } from "./models.js";

/** A running server process. */
export interface ChildServer {
  readonly url: string;
  readonly child: ChildProcess;
  /** Exit status and signal. */
  readonly ended: Promise<[number | null, string | null]>;
  /** Resident memory in MiB; undefined where the system does not tell. */
  memoryMiB(): number | undefined;
}

/**
 * Starts `tidewire serve` from source; killed when the test ends.
 *
 * @param before commands of a shell that becomes the server, such as `ulimit -n 64`
 * @param onLine takes the log's lines
 */
export async function serveChild(
  t: Test,
  models: readonly string[],
  flags: readonly string[] = [],
  { before, onLine }: { before?: string; onLine?: (line: string) => void } = {},
): Promise<ChildServer> {
  const folder = modelsFolder(t, models);
  const args = ["--import=./tools/typescript.mjs", "src/main.ts", "serve", "--port", "0", "--models", folder];
  const all = [...args, "--data-dir", `${folder}/.data`, "--log-level", "error", ...flags];
  const words = before === undefined ? all : ["-c", `${before}; exec "$0" "$@"`, process.execPath, ...all];
  const child = spawn(before === undefined ? process.execPath : "sh", words, {
    cwd: PACKAGE_ROOT,
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  const ended = once(child, "exit") as Promise<[number | null, string | null]>;
  const reader = createInterface({ input: child.stdout });
  const url = await new Promise<string>((resolve) => {
    reader.on("line", (line) => {
      onLine?.(line);
      const said = JSON.parse(line) as { url?: string };
      if (said.url !== undefined) resolve(said.url);
    });
    reader.once("close", () => resolve("")); // it has ended: who asks it fails
  });
  return { url, child, ended, memoryMiB: () => memoryMiB(child.pid) };
}

function memoryMiB(pid: number | undefined): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}
