// Why the log cannot be written, in words for whoever runs the server.
import { TidewireError } from "../errors.js";

/** Why writes fail. `WRITE_FAILED` is any reason that has no row of its own. */
export type LogFailureCode = "DISK_FULL" | "READ_ONLY" | "TOO_MANY_FILES" | "DISK_ERROR" | "WRITE_FAILED";

/** A failure that has not ended yet. */
export interface LogFailure {
  readonly code: LogFailureCode;
  /** What is wrong, where, and what to do. */
  readonly message: string;
  /** When it began, in ms since 1970. */
  readonly sinceMs: number;
}

/** How long a publisher is asked to wait: the log tries about as often whether it can be written again. */
const RETRY_AFTER_MS = 1_000;

interface Reason {
  readonly code: LogFailureCode;
  /** What is wrong with a folder, and what to do. */
  readonly says: string;
}

const FULL = { code: "DISK_FULL", says: "the disk is full: free some space, or lower retentionBytes" } as const;
const QUOTA = { code: "DISK_FULL", says: "the quota of this user is used up: raise it, or free some space" } as const;
const TOO_LARGE = { code: "DISK_FULL", says: "a file may not grow further: raise the limit of file sizes" } as const;
const READ_ONLY = {
  code: "READ_ONLY",
  says: "the file system is read-only: look into the kernel's log for why, then mount it for writing",
} as const;
const NO_RIGHT = { code: "READ_ONLY", says: "this user may not write there: give it the right" } as const;
const FILES = {
  code: "TOO_MANY_FILES",
  says: "the process has as many files open as it may: raise the limit (LimitNOFILE in systemd, ulimit -n in a shell)",
} as const;
const BROKEN_DISK = {
  code: "DISK_ERROR",
  says: "the disk fails: look into the kernel's log, and make a backup",
} as const;

/** By the system's number: lmdb gives nothing else. Numbers are those of Linux; names are what Node itself gives. */
const REASONS: ReadonlyMap<unknown, Reason> = new Map<unknown, Reason>([
  [28, FULL],
  ["ENOSPC", FULL],
  [122, QUOTA],
  ["EDQUOT", QUOTA],
  [27, TOO_LARGE],
  ["EFBIG", TOO_LARGE],
  [30, READ_ONLY],
  ["EROFS", READ_ONLY],
  [1, NO_RIGHT],
  ["EPERM", NO_RIGHT],
  [13, NO_RIGHT],
  ["EACCES", NO_RIGHT],
  [24, FILES],
  ["EMFILE", FILES],
  [23, FILES],
  ["ENFILE", FILES],
  [5, BROKEN_DISK],
  ["EIO", BROKEN_DISK],
]);

/** What a failed write means. @param folder where it was written */
export function toLogFailure(error: unknown, folder: string, nowMs: number): LogFailure {
  const reason = REASONS.get((error as { code?: unknown } | undefined)?.code);
  const text = error instanceof Error ? error.message : String(error);
  if (!reason) return { code: "WRITE_FAILED", message: `events cannot be kept in ${folder}: ${text}`, sinceMs: nowMs };
  return { code: reason.code, message: `events cannot be kept in ${folder}: ${reason.says}`, sinceMs: nowMs };
}

/** What a publisher is told: that it may try again, and why. */
export function refusal({ message, code }: LogFailure, cause?: unknown): TidewireError {
  return new TidewireError("OVERLOADED", message, { reason: code }, { retryAfterMs: RETRY_AFTER_MS, cause });
}
