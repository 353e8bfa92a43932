// What an examination tells.
import type { Config } from "../config/index.js";

/** ok: as it should be · note: good to know · warning: works, but not well or not for long · fault: does not work. */
export type FindingState = "ok" | "note" | "warning" | "fault";

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, in two or three words: "open files". */
  readonly subject: string;
  readonly state: FindingState;
  /** What was found, with its figures. */
  readonly text: string;
  /** What to do; every warning and fault has it. */
  readonly remedy?: string;
}

/** Looks at one side of the machine. Bounded in time; leaves nothing behind. */
export type Check = (config: Config) => Promise<readonly Finding[]>;

export function ok(subject: string, text: string): Finding {
  return { subject, state: "ok", text };
}

export function note(subject: string, text: string): Finding {
  return { subject, state: "note", text };
}

export function warning(subject: string, text: string, remedy: string): Finding {
  return { subject, state: "warning", text, remedy };
}

export function fault(subject: string, text: string, remedy: string): Finding {
  return { subject, state: "fault", text, remedy };
}
