// The server's log during a demo: a warning must not tear the screen, and must not be lost.
import { type Logger, pino } from "pino";
import type { Config } from "../config/index.js";

const WARN = 40;
const ERROR = 50;

/** What there is to say besides the figures. */
export interface Notes {
  /** For the server: warnings and worse become notes. */
  readonly log: Logger;
  /** The newest note; undefined without any. */
  readonly newest: string | undefined;
  say(note: string): void;
  /** Writes errors that came, one line each: the screen has been given back. */
  end(): void;
}

/** Collects notes. @param write writes a line to the standard error output */
export function createNotes(level: Config["logLevel"], write: (line: string) => void): Notes {
  const errors: string[] = [];
  let newest: string | undefined;
  const take = (line: string): void => {
    const entry = JSON.parse(line) as LogEntry;
    newest = textOf(entry);
    if (entry.level >= ERROR) errors.push(entry.err?.stack ?? newest);
  };
  const isQuieter = level === "silent" || pino.levels.values[level] === undefined || levelOf(level) > WARN;
  return {
    log: pino({ level: isQuieter ? level : "warn", base: undefined }, { write: take }),
    get newest() {
      return newest;
    },
    say(note) {
      newest = note;
    },
    end() {
      for (const error of errors.splice(0)) write(`tidewire: ${error}\n`);
    },
  };
}

interface LogEntry {
  readonly level: number;
  readonly msg: string;
  readonly model?: string;
  readonly reason?: string;
  readonly err?: { readonly message: string; readonly stack?: string };
}

const levelOf = (level: string): number => pino.levels.values[level] ?? WARN;

function textOf({ msg, model, reason, err }: LogEntry): string {
  return [model, msg, reason ?? err?.message].filter((part) => part !== undefined).join(": ");
}
