// `tidewire token`: makes a token and the row of the token file that knows it.
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { digestOf } from "../access/digest.js";
import { parseScope } from "../access/scopes.js";
import { readTokenFile } from "../access/token-file.js";
import { type CommandContext, CommandError } from "./context.js";

/** As long as its hash: nobody guesses one. */
const TOKEN_BYTES = 32;
const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

const NOTES = `
The token is printed once, on the standard output; the server keeps its hash only. With --file the row is added to the
token file (made if it is not there, readable by you only), which a running server reads again within a second.
Without --file the row is printed too, to be added by hand.

A scope is an action, or an action and what it is about:
  predict:gas_turbine      predict with that ensemble, see it, save its histories
  subscribe:training.*     see those topics; * is one token, a final > all that follow
  publish:task.press.>     add events to those topics, change and remove their runs, ask them to stop
  monitor                  metrics and statistics
  admin                    everything
An action alone means all of it: predict, subscribe, publish. More of it: docs/security.md

Examples:
  $ TIDEWIRE_TOKEN=$(tidewire token --quiet) tidewire serve --host 0.0.0.0      one token for everything
  $ tidewire token --name trainer --scope 'publish:training.*' --file tokens.json
  $ tidewire token --name page --scope subscribe --scope predict --expires 30d --file tokens.json
  $ tidewire serve --host 0.0.0.0 --token-file tokens.json`;

/** The command line's options. */
interface TokenOptions {
  readonly name: string;
  readonly scope?: readonly string[];
  readonly expires?: string;
  readonly file?: string;
  readonly quiet?: true;
}

export function configure(command: Command, context: CommandContext): void {
  command
    .option("--name <name>", "whom it is for, as logs and replies tell it", "admin")
    .option("--scope <scope>", "what it allows; may be repeated (default: admin)", collect)
    .option(
      "--expires <when>",
      "when it ends: 12h, 30d, or a time as 2027-01-31T00:00:00Z (default: never)",
      parseExpiry,
    )
    .option("--file <path>", "token file to add its row to")
    .option("--quiet", "print the token only")
    .addHelpText("after", NOTES)
    .action(() => makeToken(command.opts<TokenOptions>(), context));
}

function makeToken(
  { name, scope = ["admin"], expires, file, quiet }: TokenOptions,
  { stdout, stderr }: CommandContext,
): void {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const row = { name, sha256: digestOf(token).toString("hex"), scopes: scope, ...(expires && { expires_at: expires }) };
  if (file === undefined) checkRows("--name", [row]);
  else addRow(file, row);
  stdout.write(`${token}\n`);
  if (quiet) return;
  if (file === undefined) stderr.write(`\nIts row in a token file, {"tokens": […]}:\n${JSON.stringify(row)}\n`);
  else stderr.write(`\n${file} has its row; start the server with --token-file ${file}\n`);
}

/** Adds the row; the file is replaced whole, so that a server never reads half of it. @throws CommandError */
function addRow(file: string, row: object): void {
  const tokens = [...rowsOf(file), row];
  checkRows(file, tokens);
  const part = `${file}.part`;
  writeFileSync(part, `${JSON.stringify({ tokens }, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(part, file);
}

function rowsOf(file: string): readonly object[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const { problems } = readTokenFile(text);
  if (problems.length > 0) throw new CommandError(`${file} is no token file as it is:\n  ${problems.join("\n  ")}`);
  return (JSON.parse(text) as { tokens: object[] }).tokens;
}

/** @throws CommandError where a server would refuse them */
function checkRows(place: string, tokens: readonly object[]): void {
  const { problems } = readTokenFile(JSON.stringify({ tokens }));
  if (problems.length > 0) throw new CommandError(`${place}: ${problems.join("; ")}`);
}

// ---- words of the command line ----

function collect(word: string, before: readonly string[] = []): readonly string[] {
  try {
    parseScope(word);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  return [...before, word];
}

function parseExpiry(word: string): string {
  const [, count, unit = ""] = /^(\d{1,6})([mhd])$/.exec(word) ?? [];
  const ms = count === undefined ? Date.parse(word) : Date.now() + Number(count) * (UNITS_MS[unit] ?? 0);
  if (Number.isNaN(ms)) throw new InvalidArgumentError("Write it as 12h, 30d, or 2027-01-31T00:00:00Z.");
  if (ms <= Date.now()) throw new InvalidArgumentError("That is over.");
  return new Date(ms).toISOString();
}
