// Who runs on which core, where the system lets one say so.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** Keeps a process and all its threads on one core. @returns whether it is so */
export function pin(pid: number, core: number): boolean {
  return core < availableParallelism() && spawn("taskset", "-acp", core, pid);
}

/** Keeps a process's first thread, which runs its event loop, on one core, and its other threads on another. @returns whether it is so */
export function pinApart(pid: number, loopCore: number, core: number): boolean {
  return pin(pid, core) && loopCore < availableParallelism() && spawn("taskset", "-cp", loopCore, pid);
}

/** Lets a process run only while nobody else wants its core. @returns whether it is so */
export function yieldToAll(pid: number): boolean {
  return spawn("chrt", "-a", "-i", "-p", 0, pid);
}

function spawn(command: string, ...words: readonly (string | number)[]): boolean {
  if (process.platform !== "linux") return false;
  return spawnSync(command, words.map(String), { stdio: "ignore" }).status === 0;
}
