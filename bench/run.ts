// `npm run bench -- <suite>`: figures as JSON on stdout, progress and a table on stderr.

import { dashboard } from "./dashboard/index.js";
import { fairness } from "./fairness/index.js";
import { fanout } from "./fanout/index.js";
import { inference } from "./inference/index.js";
import { ingest } from "./ingest/index.js";
import { type Request, readArguments, UsageError } from "./lib/arguments.js";
import { Bench } from "./lib/bench.js";
import type { Figure } from "./lib/figure.js";
import { foreignLoad, hostFacts, staleSources } from "./lib/host.js";
import { toTable } from "./lib/table.js";
import { stats } from "./stats/index.js";

const SUITES = { inference, fanout, ingest, fairness, stats, dashboard };
/** An answer was wrong, missing or doubled. */
const WRONG_STATUS = 1;
/** Nothing could be measured. */
const USAGE_STATUS = 2;

/** Other processes' cores from which on figures are not to be trusted. */
const NOISY_CORES = 0.2;

process.setMaxListeners(0); // one a server that is started, to clean up
const say = (line: string): void => void process.stderr.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  let request: Request;
  try {
    request = readArguments(words, SUITES);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`bench: ${error.message}`);
    return USAGE_STATUS;
  }
  if (request.is === "help") {
    process.stdout.write(`${request.text}\n`);
    return 0;
  }
  const stale = staleSources();
  if (stale.length > 0) {
    say(`bench: the built server is older than ${stale[0]} (and ${stale.length - 1} more): npm run build`);
    return USAGE_STATUS;
  }
  return measure(request);
}

async function measure({ suite, measurements, scale }: Extract<Request, { is: "run" }>): Promise<number> {
  const host = hostFacts();
  const figures: Record<string, Figure> = {};
  const failures: Record<string, string> = {};
  const foreign: Record<string, { before: number; after: number }> = {};
  for (const { name, title, run } of measurements) {
    const before = scale.isQuick ? 0 : await foreignLoad();
    say(`${name}: ${title}`);
    const bench = new Bench(scale, (line) => say(`  ${line}`));
    try {
      Object.assign(figures, await run(bench));
    } catch (error) {
      failures[name] = error instanceof Error ? error.message : String(error);
      say(`  failed: ${error instanceof Error ? error.stack : error}`);
    } finally {
      await bench[Symbol.asyncDispose]();
    }
    if (scale.isQuick) continue; // its figures tell nothing anyway
    const after = await foreignLoad();
    foreign[name] = { before, after };
    if (Math.max(before, after) > NOISY_CORES) {
      say(`  other processes kept ${before} cores busy before and ${after} after: the figures are noisy`);
    }
  }
  process.stdout.write(
    `${JSON.stringify({ suite, host, scale, others_busy_cores: foreign, figures, failures }, undefined, 2)}\n`,
  );
  say(`\n${toTable(figures)}`);
  return Object.keys(failures).length > 0 ? WRONG_STATUS : 0;
}
