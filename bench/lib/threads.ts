// Where the threads of a process spend their time, as Linux' scheduler counts it; elsewhere nothing is known.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rounded } from "./statistics.js";

/** Shares of the time, 0 to 1; the rest is sleep: nothing to do, or waiting for somebody's message. */
export interface ThreadShare {
  /** On a core. */
  readonly ran: number;
  /** Ready to run, and no core was free. */
  readonly waited_for_core: number;
}

interface Times {
  readonly ranNs: number;
  readonly waitedNs: number;
}

/** Watches from its making on. */
export class ThreadWatch {
  readonly #pid: number;
  readonly #startMs = performance.now();
  readonly #before: Map<number, Times>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = threadTimes(pid);
  }

  /** Shares since then: of the main thread, and of the busiest other one. */
  shares(): { loop: ThreadShare; busiest_other: ThreadShare } | undefined {
    const ns = (performance.now() - this.#startMs) * 1e6;
    const all = [...threadTimes(this.#pid)].map(([tid, { ranNs, waitedNs }]) => {
      const before = this.#before.get(tid) ?? { ranNs: 0, waitedNs: 0 };
      const share = {
        ran: rounded((ranNs - before.ranNs) / ns),
        waited_for_core: rounded((waitedNs - before.waitedNs) / ns),
      };
      return { tid, share };
    });
    const loop = all.find(({ tid }) => tid === this.#pid);
    const [other] = all.filter(({ tid }) => tid !== this.#pid).sort((a, b) => b.share.ran - a.share.ran);
    return loop && other && { loop: loop.share, busiest_other: other.share };
  }
}

function threadTimes(pid: number): Map<number, Times> {
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder).map((tid) => {
      const [ranNs = 0, waitedNs = 0] = readFileSync(`${folder}/${tid}/schedstat`, "utf8").split(" ").map(Number);
      return [Number(tid), { ranNs, waitedNs }];
    }),
  );
}
