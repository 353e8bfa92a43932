// The command line: which suite, which of its measurements, how thoroughly.
import { parseArgs } from "node:util";
import type { Measurement, Scale } from "./bench.js";

/** What was asked for. */
export type Request =
  | { readonly is: "help"; readonly text: string }
  | {
      readonly is: "run";
      readonly suite: string;
      readonly measurements: readonly Measurement[];
      readonly scale: Scale;
    };

/** The command line is wrong; the message says how it would be right. */
export class UsageError extends Error {}

const THOROUGH = { least: 6, most: 14, tolerance: 0.04 };
const QUICK = { least: 1, most: 1, tolerance: 1 };
const RUN_MS = 1500;
const QUICK_RUN_MS = 150;

/** @throws UsageError */
export function readArguments(
  words: readonly string[],
  suites: Readonly<Record<string, readonly Measurement[]>>,
): Request {
  const { values, positionals } = parsed(words);
  if (values.help) return { is: "help", text: helpText(suites) };
  const [suite = "", ...rest] = positionals;
  const known = suites[suite];
  if (!known || rest.length > 0)
    throw new UsageError(`name one suite of ${Object.keys(suites).join(", ")}; --help shows more`);
  return { is: "run", suite, measurements: chosen(known, values.only), scale: scaleOf(values) };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        only: { type: "string" },
        rounds: { type: "string" },
        quick: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function chosen(known: readonly Measurement[], only: string | undefined): readonly Measurement[] {
  if (only === undefined) return known.filter((one) => !one.onRequest);
  return only.split(",").map((name) => {
    const found = known.find((one) => one.name === name.trim());
    if (!found)
      throw new UsageError(`--only: no measurement "${name}"; there are ${known.map((one) => one.name).join(", ")}`);
    return found;
  });
}

function scaleOf({ rounds, quick = false }: { rounds?: string; quick?: boolean }): Scale {
  const base = quick ? QUICK : THOROUGH;
  const runMs = quick ? QUICK_RUN_MS : RUN_MS;
  if (rounds === undefined) return { rounds: base, runMs, isQuick: quick };
  const least = Number(rounds);
  if (!Number.isInteger(least) || least < 1 || least > 100) throw new UsageError("--rounds: an integer, 1 to 100");
  return { rounds: { ...base, least, most: quick ? least : least * 2 }, runMs, isQuick: quick };
}

function helpText(suites: Readonly<Record<string, readonly Measurement[]>>): string {
  const width = Math.max(...Object.values(suites).flatMap((all) => all.map((one) => one.name.length)));
  const lines = Object.entries(suites).flatMap(([suite, measurements]) => [
    `${suite}:`,
    ...measurements.map(
      ({ name, title, onRequest }) => `  ${name.padEnd(width)}  ${title}${onRequest ? " (only with --only)" : ""}`,
    ),
  ]);
  return `Measures the built server beside its peers and physical limits, all in one run.

Usage: npm run bench -- <suite> [--only name,name] [--rounds n] [--quick]

  --only    these measurements, separated by commas
  --rounds  turns of each side, at least (default ${THOROUGH.least}); up to twice as many while repeats disagree
  --quick   one short turn: shows that everything answers correctly, not how fast

Figures go to stdout as JSON, progress and a table to stderr. Build first: npm run build.
The status is 0 even where a bound is missed; 1 when an answer was wrong, 2 when nothing could be measured.

${lines.join("\n")}

Examples:
  $ npm run bench -- inference
  $ npm run --silent bench -- inference --only pipelined,roundtrip > figures.json`;
}
