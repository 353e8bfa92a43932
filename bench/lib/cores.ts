// Who runs on which core, where the system lets one say so.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** Keeps a process and all its threads on one core. @returns whether it is so */
export function pin(pid: number, core: number): boolean {
  return core < availableParallelism() && spawn("taskset", "-acp", core, pid);
}

/** Lets a process run only while nobody else wants its core. @returns whether it is so */
export function yieldToAll(pid: number): boolean {
  return spawn("chrt", "-a", "-i", "-p", 0, pid);
}

function spawn(command: string, ...words: readonly (string | number)[]): boolean {
  if (process.platform !== "linux") return false;
  return spawnSync(command, words.map(String), { stdio: "ignore" }).status === 0;
}
