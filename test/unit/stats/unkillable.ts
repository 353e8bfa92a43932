// Children that no signal ends: as a driver that hangs keeps them in the kernel.
import { ChildProcess } from "node:child_process";
import type { Test } from "tap";

/** From now on signals of this process reach nobody, until the test ends. @returns ends a process nevertheless */
export function makeUnkillable(t: Test): (pid: number) => void {
  const kill = process.kill.bind(process);
  const nothing = { value: () => true };
  t.intercept(process, "kill", nothing);
  t.intercept(ChildProcess.prototype, "kill", nothing);
  return (pid) => void kill(pid, "SIGKILL");
}
