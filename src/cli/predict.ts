// `tidewire predict`: asks a running server for the prediction of one reading, or of every row of a CSV.
import { type InferenceSession, TidewireClient } from "@tidewire/client";
import { type Command, Option } from "commander";
import { type CommandContext, CommandError } from "./context.js";
import { predictCsv, toJsonLine } from "./predict-csv.js";
import { addTarget, type Target, type TargetOptions, toTarget } from "./target.js";
import { explained } from "./watch-errors.js";

const NOTES = `
The reading names the ensemble's boundary signals; a CSV has them as columns, and further columns are let through.

Examples:
  $ tidewire predict AT=23.5 AP=1013.2 AH=77.1 AFDP=3.9 GTEP=25.5
  $ tidewire predict AT=23.5 AP=1013.2 AH=77.1 AFDP=3.9 GTEP=25.5 --json
  $ tidewire predict --csv readings.csv                        a table, row by row
  $ tidewire predict --csv readings.csv --out predicted.csv    the rows, with a column predicted_… for each signal
  $ cat readings.csv | tidewire predict --csv - --json         JSON lines
  $ tidewire predict --url http://gateway:8000 --ensemble pump flow=1.2 head=30

What a server serves, and which signals it wants:
  $ curl http://127.0.0.1:8000/api/v1/ensemble/list`;

/** The command line's options. */
export interface PredictOptions extends TargetOptions {
  readonly ensemble: string;
  readonly csv?: string;
  readonly out?: string;
  readonly json?: true;
}

export function configure(command: Command, context: CommandContext): void {
  addTarget(command.argument("[signal=value...]", "one reading"))
    .option("--ensemble <name>", "the ensemble that predicts", "gas_turbine")
    .option("--csv <path>", "predict every row of a CSV with a header line; - is the standard input")
    .addOption(new Option("--out <path>", "write a CSV instead of printing; needs --csv").conflicts("json"))
    .option("--json", "JSON, one object a reading")
    .addHelpText("after", NOTES)
    .action(async (words: readonly string[]) => predict(words, command.opts<PredictOptions>(), context));
}

async function predict(words: readonly string[], options: PredictOptions, context: CommandContext): Promise<void> {
  if (words.length > 0 === (options.csv !== undefined)) {
    throw new CommandError("give either one reading, as AT=23.5 AP=1013.2 …, or --csv with a file of them");
  }
  if (options.out !== undefined && options.csv === undefined) throw new CommandError("--out needs --csv");
  const reading = readReading(words);
  await using session = await openSession(toTarget(options, context), options.ensemble);
  if (options.csv === undefined) await predictOne(session, reading, options, context);
  else await predictCsv(session, { ...options, csv: options.csv }, context);
}

/** A session that is ready. @throws CommandError where no server answers, or where it refuses */
async function openSession({ url, token }: Target, ensemble: string): Promise<InferenceSession> {
  const session = new TidewireClient({ baseURL: url, token }).inference(ensemble, { reconnect: false });
  try {
    await session.ready();
    return session;
  } catch (error) {
    await session.close();
    throw explained(error, url);
  }
}

async function predictOne(
  session: InferenceSession,
  reading: Readonly<Record<string, number>>,
  { json, url }: PredictOptions,
  { stdout }: CommandContext,
): Promise<void> {
  const { predictions, signalsUsedBoost = [], latencyMs } = await session.predict(reading);
  if (json) {
    stdout.write(toJsonLine(predictions, { signals_used_boost: signalsUsedBoost, latency_ms: latencyMs }));
    return;
  }
  const width = Math.max(...Object.keys(predictions).map((name) => name.length));
  const rows = Object.entries(predictions).map(([name, value]) => {
    const boost = signalsUsedBoost.includes(name) ? "  boost" : "";
    return `${name.padEnd(width)}  ${value.toFixed(3).padStart(12)}${boost}`;
  });
  const server = `${session.ensembleName} at ${url}, ${(latencyMs ?? 0).toFixed(2)} ms in the server`;
  stdout.write(`${rows.join("\n")}\n\n${server}\n`);
}

/** `AT=23.5 AP=1013.2` → `{AT: 23.5, AP: 1013.2}`. @throws CommandError naming the word that is wrong */
function readReading(words: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    words.map((word) => {
      const [, name, text] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
      const value = text?.trim() ? Number(text) : Number.NaN;
      if (name !== undefined && Number.isFinite(value)) return [name, value];
      throw new CommandError(`"${word}" is no signal with a number; write it as AT=23.5`);
    }),
  );
}
