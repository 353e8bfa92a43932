// `npm run torture`: breaks the built server on purpose. Progress on stderr, the summary on stdout.
import { hostFacts, staleSources } from "../../bench/lib/host.js";
import { type Request, readArguments, replayCommand, UsageError } from "./lib/arguments.js";
import type { Context, Findings, Part } from "./lib/part.js";
import { Random } from "./lib/random.js";
import { isSound, type Outcome, toText, writeReport } from "./lib/report.js";
import { Screen } from "./lib/screen.js";
import { PARTS } from "./parts.js";

/** A promise was broken. */
const FOUND_STATUS = 1;
/** Nothing could be tried. */
const USAGE_STATUS = 2;
/** Interrupted, as a shell tells it. */
const INTERRUPTED_STATUS = 130;

process.setMaxListeners(0); // one a child that is started, to clean up
const screen = new Screen(process.stderr);
const interrupted = new AbortController();

// A part that failed may have left timers behind: they do not keep the run from its end.
process.exit(await main(process.argv.slice(2)));

async function main(words: readonly string[]): Promise<number> {
  let request: Request;
  try {
    request = readArguments(words, PARTS);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    screen.say(`torture: ${error.message}`);
    return USAGE_STATUS;
  }
  if (request.is !== "run") {
    process.stdout.write(`${request.text}\n`);
    return 0;
  }
  const stale = staleSources();
  if (stale.length > 0) {
    screen.say(`torture: the built server is older than ${stale[0]} (and ${stale.length - 1} more): npm run build`);
    return USAGE_STATUS;
  }
  return torture(request);
}

async function torture(request: Extract<Request, { is: "run" }>): Promise<number> {
  const { seed, isLong, minutes, parts } = request;
  const seedLine = `torture: seed ${seed}`;
  screen.say(seedLine);
  endOnSignals(seedLine);
  const outcomes: Outcome[] = [];
  for (const part of parts) outcomes.push(await outcomeOf(part, request));
  const run = { seed, isLong, minutes, outcomes };
  writeReport(request.file, run, hostFacts());
  process.stdout.write(`${toText(run)}\n`);
  screen.say(seedLine);
  return isSound(run) ? 0 : FOUND_STATUS;
}

async function outcomeOf(part: Part, request: Extract<Request, { is: "run" }>): Promise<Outcome> {
  const { name, description } = part;
  screen.say(`${name}: ${description}`);
  const startedMs = performance.now();
  const { findings, figures } = await findingsOf(part, contextOf(part, request));
  const seconds = Number(((performance.now() - startedMs) / 1000).toFixed(1));
  screen.say(`  ${findings.length === 0 ? "ok" : `${findings.length} found`} after ${seconds} s`);
  for (const { invariant, what } of findings) screen.say(`  ${invariant}: ${what}`);
  if (findings.length > 0)
    screen.say(`  again by ${replayCommand(request.seed, name, request.minutes, request.isLong)}`);
  return { name, seconds, findings, figures };
}

async function findingsOf(part: Part, context: Context): Promise<Findings> {
  try {
    return await part.run(context);
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { findings: [{ invariant: "the part comes to its end", what }], figures: {} };
  }
}

function contextOf({ name }: Part, { seed, isLong, minutes }: Extract<Request, { is: "run" }>): Context {
  return {
    random: new Random(seed, name),
    isLong,
    minutes,
    signal: interrupted.signal,
    say: (line) => screen.say(`  ${line}`),
    progress: (share, note = "") => screen.progress(name, share, note),
  };
}

/** The seed is told also then; children and folders go with this process (bench/lib/children.ts). */
function endOnSignals(seedLine: string): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.prependOnceListener(signal, () => {
      interrupted.abort(new Error(signal));
      screen.say(`${seedLine}, interrupted by ${signal}`);
      process.exit(INTERRUPTED_STATUS);
    });
  }
}
