// The command line of the torture: which parts, which seed, how long.
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import type { Part } from "./part.js";
import { SEEDS } from "./random.js";

/** The longest that a part may be asked to take, in minutes: a week. */
const MAX_MINUTES = 7 * 24 * 60;

/** What was asked for. */
export type Request =
  | { readonly is: "help" | "list"; readonly text: string }
  | {
      readonly is: "run";
      readonly parts: readonly Part[];
      readonly seed: number;
      readonly isLong: boolean;
      readonly minutes: number | undefined;
      /** Where the report goes, as JSON. */
      readonly file: string | undefined;
    };

/** The command line is wrong; the message says how it would be right. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readArguments(words: readonly string[], parts: readonly Part[]): Request {
  const values = parsed(words);
  if (values.help) return { is: "help", text: helpText(parts) };
  if (values.list) return { is: "list", text: listText(parts) };
  return {
    is: "run",
    parts: chosen(parts, values.only),
    seed: seedOf(values.seed),
    isLong: values.long ?? false,
    minutes: minutesOf(values.minutes),
    file: values.json,
  };
}

/** The command that does a part again, with the same chance. */
export function replayCommand(seed: number, part: string, minutes: number | undefined, isLong: boolean): string {
  const length = minutes === undefined ? "" : ` --minutes ${minutes}`;
  return `npm run torture -- --seed ${seed} --only ${part}${length}${isLong ? " --long" : ""}`;
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        seed: { type: "string" },
        only: { type: "string" },
        list: { type: "boolean" },
        minutes: { type: "string" },
        long: { type: "boolean" },
        json: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function chosen(parts: readonly Part[], only: string | undefined): readonly Part[] {
  if (only === undefined) return parts.filter(({ onRequest }) => !onRequest);
  return only.split(",").map((name) => {
    const part = parts.find((one) => one.name === name.trim());
    if (part) return part;
    throw new UsageError(`--only: no part "${name}"; there are ${parts.map((one) => one.name).join(", ")}`);
  });
}

function seedOf(text: string | undefined): number {
  if (text === undefined) return randomInt(SEEDS);
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= 0 && seed < SEEDS) return seed;
  throw new UsageError(`--seed: an integer, 0 to ${SEEDS - 1}, not "${text}"`);
}

function minutesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const minutes = Number(text);
  if (minutes > 0 && minutes <= MAX_MINUTES) return minutes;
  throw new UsageError(`--minutes: a number above 0, at most ${MAX_MINUTES}, not "${text}"`);
}

function listText(parts: readonly Part[]): string {
  const width = Math.max(0, ...parts.map(({ name }) => name.length));
  return parts
    .map((part) => `${part.name.padEnd(width)}  ${part.description}${part.onRequest ? " (only with --only)" : ""}`)
    .join("\n");
}

function helpText(parts: readonly Part[]): string {
  return `Breaks the built server on purpose, and looks whether what it promises holds. Build first: npm run build.

Usage: npm run torture -- [--seed n] [--only part,part] [--minutes n] [--long] [--json file] [--list]

  --seed     of all chance; without it a random one, which is told first and last
  --only     these parts, separated by commas
  --minutes  length of each part whose length can be chosen
  --long     as long as it takes to be sure: hours
  --json     writes findings and figures into a file
  --list     tells the parts

The status is 0 when every promise was kept, 1 when something was found, 2 when nothing could be tried.

${listText(parts)
  .split("\n")
  .map((line) => `  ${line}`)
  .join("\n")}`;
}
