// One process per folder: LMDB alone would let two servers write, each with positions of its own. The lock is a file that
// names its holder; when the holder is dead it is taken over.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { stat, utimes } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { syncFolder } from "./lmdb-files.js";
import { CannotOpenError } from "./log-failure.js";

/** How often the holder touches the file, for processes that cannot see each other, as in two containers. */
const BEAT_MS = 2_000;
/** How long a holder that cannot be seen is watched for a beat before it counts as dead. */
const WATCH_MS = 2.5 * BEAT_MS;
/** Of several that take over at once the last one stays: all look again after this time. */
const SETTLE_MS = 50;
/** A clock may be corrected by so much before the machine counts as started anew, where it has no id of the run. */
const CLOCK_SLACK_MS = 60_000;

/** Times of a lock. Tests have shorter ones. */
export interface LockTimes {
  readonly beatMs: number;
  readonly watchMs: number;
}

/** Whoever holds a lock. */
interface Holder {
  /** 0 once it has let go, although not everything is flushed. */
  readonly pid: number;
  /** Start of the process as the kernel counts, for a later process may have the same pid; "" where it does not tell. */
  readonly started: string;
  /** Namespace in which the pid means something. */
  readonly namespace: string;
  readonly host: string;
  /** The kernel's id of this run of the machine; "" where there is none. */
  readonly boot: string;
  /** When this run of the machine began. */
  readonly bootedMs: number;
  /** Whether the machine went down while the folder was open, and the log has not dealt with it yet. */
  readonly lostPower: boolean;
}

/** A folder that is nobody else's. */
export class FolderLock {
  readonly #path: string;
  readonly #beat: NodeJS.Timeout;
  #holder: Holder;

  private constructor(path: string, holder: Holder, { beatMs }: LockTimes) {
    this.#path = path;
    this.#holder = holder;
    // Whoever watches waits for several beats: one may fail.
    this.#beat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => undefined), beatMs).unref();
  }

  /** @throws Error when another process, or this one, has the folder open */
  static async acquire(folder: string, times: LockTimes = { beatMs: BEAT_MS, watchMs: WATCH_MS }): Promise<FolderLock> {
    const path = join(folder, "lock");
    const own = ownHolder();
    if (create(path, own)) {
      await syncFolder(folder);
      return new FolderLock(path, own, times);
    }
    const before = read(path);
    if (before && (await isAlive(path, before, own, times.watchMs))) throw inUse(folder, before);
    const heir = { ...own, lostPower: !before || before.lostPower || hasLostPower(before, own) };
    replace(path, heir);
    await syncFolder(folder);
    await delay(SETTLE_MS);
    const winner = read(path);
    if (winner?.pid !== own.pid || winner.started !== own.started) throw inUse(folder, winner);
    return new FolderLock(path, heir, times);
  }

  /** Whether the machine went down while the folder was open: what was not flushed is lost. */
  get lostPower(): boolean {
    return this.#holder.lostPower;
  }

  /** The log has dealt with the loss of power. */
  recovered(): void {
    if (!this.lostPower) return;
    this.#holder = { ...this.#holder, lostPower: false };
    replace(this.#path, this.#holder);
  }

  /** @param isFlushed whether everything survives the loss of power; else the next holder is told when that happens */
  release(isFlushed: boolean): void {
    clearInterval(this.#beat);
    if (isFlushed && !this.lostPower) rmSync(this.#path, { force: true });
    else replace(this.#path, { ...this.#holder, pid: 0 });
  }
}

/** Who has a folder open, such as "process 7 on pc"; undefined when nobody does. Changes nothing. */
export async function holderOf(folder: string, watchMs = WATCH_MS): Promise<string | undefined> {
  const path = join(folder, "lock");
  const holder = existsSync(path) ? read(path) : undefined;
  return holder && (await isAlive(path, holder, ownHolder(), watchMs)) ? nameOf(holder) : undefined;
}

/** Writes a lock where there is none. @returns whether there was none */
function create(path: string, holder: Holder): boolean {
  try {
    write(path, holder, "wx");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Puts a lock in the place of another in one step. */
function replace(path: string, holder: Holder): void {
  write(`${path}.${process.pid}`, holder, "w");
  renameSync(`${path}.${process.pid}`, path);
}

function write(path: string, holder: Holder, flag: "w" | "wx"): void {
  const file = openSync(path, flag);
  try {
    writeSync(file, `${JSON.stringify(holder)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The holder a lock names; undefined where none can be made out, as after a loss of power. */
function read(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, "utf8")) as Partial<Holder> | null;
    return Number.isInteger(holder?.pid) ? (holder as Holder) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function isAlive(path: string, holder: Holder, own: Holder, watchMs: number): Promise<boolean> {
  if (holder.pid === 0) return false;
  if (isSameRun(holder, own)) {
    if (holder.namespace === own.namespace) return isRunning(holder);
  } else if (holder.host === own.host) return false;
  const { mtimeMs } = await stat(path);
  await delay(watchMs);
  return (await stat(path)).mtimeMs !== mtimeMs;
}

function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is somebody else's.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const { state, start } = statOf(pid);
  // A zombie is dead, and only waits for its parent to notice.
  return state !== "Z" && (start === "" || start === started);
}

/** Whether two processes ran without the machine going down between them. */
function isSameRun(one: Holder, other: Holder): boolean {
  if (one.boot !== "" && other.boot !== "") return one.boot === other.boot;
  return Math.abs(one.bootedMs - other.bootedMs) < CLOCK_SLACK_MS;
}

/** LMDB goes back to what is flushed when the machine has gone down, and on Linux also when it cannot know. */
function hasLostPower(holder: Holder, own: Holder): boolean {
  return !isSameRun(holder, own) || (process.platform === "linux" && own.boot === "");
}

function ownHolder(): Holder {
  return {
    pid: process.pid,
    started: statOf(process.pid).start,
    namespace: told(() => readlinkSync("/proc/self/ns/pid")),
    host: hostname(),
    boot: told(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    bootedMs: Math.round(Date.now() - uptime() * 1_000),
    lostPower: false,
  };
}

/** State and start in clock ticks: fields 3 and 22 of proc(5)'s stat, counted from behind the name, which may hold spaces. */
function statOf(pid: number): { readonly state: string; readonly start: string } {
  const stat = told(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", start: fields[19] ?? "" };
}

/** What the kernel tells; "" where it does not, as on systems without /proc. */
function told(ask: () => string): string {
  try {
    return ask();
  } catch {
    return "";
  }
}

function inUse(folder: string, holder: Holder | undefined): CannotOpenError {
  const who = holder ? nameOf(holder) : "another process";
  return new CannotOpenError(
    `the event log in ${folder} is in use by ${who}: only one server may have a data directory`,
  );
}

function nameOf({ pid, host }: Holder): string {
  return `process ${pid} on ${host}`;
}
