// What the machine may lack, in words for whoever runs the server: one table for all that reads or writes files.
import { TidewireError } from "./errors.js";

/** What is wrong with the machine. */
export type FaultCode = "DISK_FULL" | "READ_ONLY" | "NO_RIGHT" | "TOO_MANY_FILES" | "DISK_ERROR";

/** A fault that ends by itself or by somebody's hand: what failed by it may be tried again. */
export interface MachineFault {
  readonly code: FaultCode;
  /** What is wrong, in a few words that say nothing of paths: clients are told. */
  readonly what: string;
  /** What to do about it. */
  readonly remedy: string;
}

const FULL: MachineFault = {
  code: "DISK_FULL",
  what: "the disk is full",
  remedy: "free some space, or lower retentionBytes and restart; writing goes on by itself once there is room",
};
const QUOTA: MachineFault = {
  code: "DISK_FULL",
  what: "the disk quota is used up",
  remedy: "raise the quota of this user, or free some space",
};
const TOO_LARGE: MachineFault = {
  code: "DISK_FULL",
  what: "a file may not grow further",
  remedy: "raise the limit of file sizes (LimitFSIZE in systemd, ulimit -f in a shell)",
};
const READ_ONLY: MachineFault = {
  code: "READ_ONLY",
  what: "the file system is read-only",
  remedy: "look into the kernel's log for why it became so, then mount it for writing",
};
const NO_RIGHT: MachineFault = {
  code: "NO_RIGHT",
  what: "there is no right to write",
  remedy: "give the user that runs the server the right to write there",
};
const FILES: MachineFault = {
  code: "TOO_MANY_FILES",
  what: "the process has as many files and connections open as it may",
  remedy: "raise the limit (LimitNOFILE in systemd, ulimit -n in a shell)",
};
const BROKEN_DISK: MachineFault = {
  code: "DISK_ERROR",
  what: "the disk fails",
  remedy: "look into the kernel's log, make a backup, and replace the disk",
};

/** By the system's name, and by Linux's number: lmdb gives nothing else. */
const FAULTS: ReadonlyMap<unknown, MachineFault> = new Map<unknown, MachineFault>([
  ["ENOSPC", FULL],
  [28, FULL],
  ["EDQUOT", QUOTA],
  [122, QUOTA],
  ["EFBIG", TOO_LARGE],
  [27, TOO_LARGE],
  ["EROFS", READ_ONLY],
  [30, READ_ONLY],
  ["EACCES", NO_RIGHT],
  [13, NO_RIGHT],
  ["EPERM", NO_RIGHT],
  [1, NO_RIGHT],
  ["EMFILE", FILES],
  [24, FILES],
  ["ENFILE", FILES],
  [23, FILES],
  ["EIO", BROKEN_DISK],
  [5, BROKEN_DISK],
]);

/** The machine's fault behind an error of the system; undefined for any other error. */
export function machineFaultOf(error: unknown): MachineFault | undefined {
  return error instanceof Error ? FAULTS.get((error as { code?: unknown }).code) : undefined;
}

/** How long a client is asked to wait when the machine lacks something: somebody must make room first. */
const FAULT_RETRY_MS = 1_000;

/**
 * Whatever was thrown, as an error a client may be told. A full disk and the like are OVERLOADED, for the same request may
 * succeed later; unknown causes become INTERNAL_ERROR and say nothing.
 */
export function toTidewireError(thrown: unknown): TidewireError {
  if (thrown instanceof TidewireError) return thrown;
  const fault = machineFaultOf(thrown);
  if (fault && fault.code !== "NO_RIGHT") {
    const message = `the server cannot do it now, ${fault.what}; try again later`;
    return new TidewireError(
      "OVERLOADED",
      message,
      { reason: fault.code },
      { retryAfterMs: FAULT_RETRY_MS, cause: thrown },
    );
  }
  return new TidewireError("INTERNAL_ERROR", "the server failed; its log has the cause", undefined, { cause: thrown });
}
