// Words of the command line of `tidewire watch`. All throw InvalidArgumentError, which says what is right.
import type { EventType, LogLevel, Position } from "@tidewire/client";
import { InvalidArgumentError } from "commander";
import { nearest } from "../wire/nearest.js";
import { planOf } from "../wire/plan.js";

/** Adds a topic or pattern to those before; whether it is well-formed in all, the server says. */
export function parsePattern(word: string, before: readonly string[] | undefined): readonly string[] {
  if (!/^[\w.*>-]+$/.test(word))
    throw new InvalidArgumentError(
      `"${word}" is no topic and no pattern: names of A-Z a-z 0-9 _ -, dots between; * and >.`,
    );
  return [...(before ?? []), word];
}

/** "3-120". */
export function parsePosition(text: string): Position {
  const [, generation, offset] = (/^(\d{1,16})-(\d{1,16})$/.exec(text) ?? []).map(Number);
  if (generation !== undefined && offset !== undefined) return { generation, offset };
  throw new InvalidArgumentError("It takes a position as tidewire publish prints it, <generation>-<offset>: 3-120.");
}

/** Levels of log lines, from the least. */
export function levels(): string[] {
  return (planOf("Log").byName.get("level")?.names ?? []).filter((name) => name !== "");
}

/** In any case of letters. */
export function parseLevel(text: string): LogLevel {
  const level = text.toUpperCase();
  if (levels().includes(level)) return level as LogLevel;
  throw new InvalidArgumentError(`It takes one of ${levels().join(", ")}.`);
}

/** "log,metrics". */
export function parseTypes(text: string): readonly EventType[] {
  const known = [...planOf("Event").cases.keys()];
  return text.split(",").map((word) => {
    const type = word.trim();
    if (known.includes(type)) return type as EventType;
    throw new InvalidArgumentError(
      `There are no events of type "${type}"; there are ${nearest(type, known).join(", ")}.`,
    );
  });
}
