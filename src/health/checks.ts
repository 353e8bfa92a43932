// What each part of the server says of itself. Sentences are for whoever runs the server, and public.
import type { LogFailure } from "../events/log-failure.js";
import { CONNECTIONS_SHARE, LATE_LOOP_MS, LITTLE_SPACE_BYTES, LOST_LOOP_MS, NO_SPACE_BYTES } from "./thresholds.js";

/** How a part is: a failing one makes the server not ready. */
export interface Check {
  readonly name: "server" | "models" | "event_log" | "event_loop" | "connections" | "disk" | "evaluations";
  readonly state: "ok" | "warning" | "failing";
  /** The state in a sentence. */
  readonly message: string;
  /** What to do; absent where there is nothing to do. */
  readonly remedy?: string;
}

/** How many models there are, and how they are. */
export interface ModelCounts {
  readonly ready: number;
  readonly broken: number;
  /** Names of those whose thread has died and is not back yet. */
  readonly down: readonly string[];
}

export function checkServer(state: "starting" | "ready" | "draining"): Check {
  const name = "server";
  if (state === "ready") return { name, state: "ok", message: "The server takes work." };
  if (state === "starting")
    return { name, state: "failing", message: "The server is starting.", remedy: "Wait until it listens." };
  const message = "The server is stopping: it answers what is under way and takes nothing new.";
  return { name, state: "failing", message, remedy: "Send work to another server, or wait for the next start." };
}

export function checkModels({ ready, broken, down }: ModelCounts): Check {
  const name = "models";
  const fix = "GET /api/v1/ensemble/list tells why; repair the directory and restart the server.";
  if (ready === 0 && broken > 0)
    return { name, state: "failing", message: `None of ${broken} models could be loaded.`, remedy: fix };
  if (down.length > 0) {
    const message = `The thread of ${listOf(down)} has died and is being started again.`;
    return { name, state: "warning", message, remedy: "Its requests wait; the server's log has the reason." };
  }
  if (broken > 0)
    return {
      name,
      state: "warning",
      message: `${broken} of ${ready + broken} models could not be loaded.`,
      remedy: fix,
    };
  if (ready === 0) {
    const remedy = "Put a model into the models folder and restart the server, if it is to predict.";
    return { name, state: "warning", message: "There are no models.", remedy };
  }
  return { name, state: "ok", message: `${ready === 1 ? "One model answers" : `${ready} models answer`}.` };
}

/** What a failure of the log means; its own message names folders, which are nobody's business. */
const LOG_FAILURES: Readonly<Record<LogFailure["code"], readonly [message: string, remedy: string]>> = {
  DISK_FULL: ["the disk is full", "Free some space, or lower retentionBytes."],
  READ_ONLY: ["its folder cannot be written", "Look into the system's log for why, then make it writable."],
  NO_RIGHT: ["the server may not write into its folder", "Give the user that runs the server the right to."],
  TOO_MANY_FILES: [
    "the process has too many files open",
    "Raise its limit: LimitNOFILE in systemd, ulimit -n in a shell.",
  ],
  DISK_ERROR: ["the disk fails", "Look into the system's log, and make a backup."],
  WRITE_FAILED: ["its last write failed", "Look into the server's log for why."],
};

/** @param nowMs since 1970 */
export function checkEventLog(failure: LogFailure | undefined, nowMs: number): Check {
  const name = "event_log";
  if (!failure) return { name, state: "ok", message: "Events are kept." };
  const [why, remedy] = LOG_FAILURES[failure.code];
  const seconds = Math.max(0, Math.round((nowMs - failure.sinceMs) / 1000));
  return { name, state: "failing", message: `No event can be kept for ${seconds} s: ${why}.`, remedy };
}

/** @param delayMs mean of the last looks */
export function checkLoop(delayMs: number): Check {
  const name = "event_loop";
  if (delayMs < LATE_LOOP_MS) return { name, state: "ok", message: "The event loop is on time." };
  const message = `The event loop is ${Math.round(delayMs)} ms late, and every answer with it.`;
  const remedy =
    "Send less work here, run dear models in threads (executor: worker), or give the server more processors.";
  return { name, state: delayMs < LOST_LOOP_MS ? "warning" : "failing", message, remedy };
}

export function checkConnections(open: number, limit: number): Check {
  const name = "connections";
  const message = `${open} of ${limit} connections are open.`;
  if (open < limit * CONNECTIONS_SHARE) return { name, state: "ok", message };
  return {
    name,
    state: "warning",
    message,
    remedy: "Raise maxConnections, or look for clients that do not close theirs.",
  };
}

/** @param freeBytes undefined where it is not known */
export function checkDisk(freeBytes: number | undefined): Check {
  const name = "disk";
  if (freeBytes === undefined) return { name, state: "ok", message: "Nothing is known of the disk's free space." };
  const message = `${Math.floor(freeBytes / 1024 ** 2)} MiB are free for data.`;
  if (freeBytes >= LITTLE_SPACE_BYTES) return { name, state: "ok", message };
  const remedy = "Free some space, or lower retentionBytes.";
  return { name, state: freeBytes < NO_SPACE_BYTES ? "failing" : "warning", message, remedy };
}

export function checkEvaluations(queue: {
  readonly running: number;
  readonly waiting: number;
  readonly isFull: boolean;
}): Check {
  const name = "evaluations";
  const message = `${queue.running} evaluations run, ${queue.waiting} wait.`;
  if (!queue.isFull) return { name, state: "ok", message };
  const full = `${message} A further one is refused.`;
  return {
    name,
    state: "warning",
    message: full,
    remedy: "Wait for one to end, delete one, or raise maxQueuedEvaluations.",
  };
}

/** The first names of a list. */
function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
