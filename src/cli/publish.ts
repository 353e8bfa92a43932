// `tidewire publish`: adds one event to a topic, or one for each line of the standard input.
import { ProgressClient, TidewireClient } from "@tidewire/client";
import { type Command, InvalidArgumentError, Option } from "commander";
import { nearest } from "../wire/nearest.js";
import { planOf } from "../wire/plan.js";
import { type CommandContext, CommandError } from "./context.js";
import { toPublication } from "./publish-event.js";
import { type Field, toField, withFields } from "./publish-fields.js";
import { publishLines } from "./publish-stream.js";
import { hintsFor, inLines, positionLine } from "./publish-text.js";
import { addTarget, type TargetOptions, toTarget } from "./target.js";
import { explained } from "./watch-errors.js";

/** Attempts to come back after a cut, some two minutes: a server that restarts is there by then. */
const MAX_ATTEMPTS = 10;

/** What is unacknowledged is bounded where lines are read. */
const UNLIMITED = { maxUnacknowledged: Number.POSITIVE_INFINITY, maxUnacknowledgedBytes: Number.POSITIVE_INFINITY };

const NOTES = `
The data is a JSON object, fields, or both; a field of an object inside is --field details.current=3. Numbers and
true/false are recognised where the event has them. What is published is durable once the position is printed.
With --stdin each line is {"topic", "type", "data", "timestamp", "idempotency_key"}; a topic and a type of the command
line stand in where a line has none, and --key gives each line the key <key>-<line>: the same file again adds nothing.

Examples:
  $ tidewire publish training.run_7 status_changed --field status=running --field total_epochs=10
  $ tidewire publish training.run_7 log '{"level":"INFO","message":"epoch 1 of 10"}'
  $ tidewire publish training.run_7 metrics --field metrics.loss=0.25 --field epoch=1 --key epoch-1
  $ tidewire publish task.shop.t1 task_started && tidewire publish task.shop.t1 step_progress --field progress=40
  $ tail -f train.jsonl | tidewire publish training.run_7 --stdin
  $ tidewire publish --stdin --key import-1 < events.jsonl

Types:
${inLines([...planOf("Publish").cases.keys()])}`;

/** The command line's options. */
interface PublishOptions extends TargetOptions {
  readonly field?: readonly Field[];
  readonly stdin?: true;
  readonly key?: string;
  readonly timestamp?: string;
  readonly json?: true;
}

/** What the words before the options say. */
interface Words {
  readonly topic?: string | undefined;
  readonly type?: string | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

export function configure(command: Command, context: CommandContext): void {
  command
    .argument("[topic]", "the topic")
    .argument("[type]", "the event's type", parseType)
    .argument("[json]", "its data", parseData);
  addTarget(command)
    .addOption(new Option("--field <name=value>", "a field of the data; may be repeated").argParser(collect))
    .addOption(new Option("--stdin", "an event a line, as NDJSON").conflicts(["field", "timestamp"]))
    .option("--key <key>", "idempotency key: the same again adds nothing")
    .option("--timestamp <time>", "when it happened, RFC 3339 (default: now)")
    .option("--json", "print positions as JSON, one a line")
    .addHelpText("after", NOTES)
    .action(async (topic?: string, type?: string, data?: Words["data"]) =>
      publish({ topic, type, data }, command.opts<PublishOptions>(), context),
    );
}

async function publish(words: Words, options: PublishOptions, context: CommandContext): Promise<void> {
  const { url, token } = toTarget(options, context);
  checkWords(words, options);
  try {
    const publication = options.stdin ? undefined : publicationOf(words, options);
    await new TidewireClient({ baseURL: url, token }).health();
    await using client = new ProgressClient({ url, token, maxReconnectAttempts: MAX_ATTEMPTS, ...UNLIMITED });
    if (publication === undefined) return await publishLines(client, { ...words, ...options }, context);
    const { topic, event, ...rest } = publication;
    context.stdout.write(`${positionLine(topic, await client.publish(topic, event, rest), options.json)}\n`);
  } catch (error) {
    throw explained(error, url, hintsFor(words.topic));
  }
}

function publicationOf({ topic = "", type, data = {} }: Words, { field = [], timestamp, key }: PublishOptions) {
  const whole = withFields(data, field, planOf("Publish").cases.get(type ?? "")?.field.plan);
  return toPublication({ topic, type, data: whole, timestamp, idempotency_key: key });
}

function checkWords({ topic, type, data }: Words, { stdin }: PublishOptions): void {
  if (stdin && data) throw new CommandError("with --stdin the data comes from the lines, not from the command line");
  if (!stdin && (topic === undefined || type === undefined))
    throw new CommandError("give a topic and a type, as training.run_7 log, or --stdin with an event a line");
}

// ---- words of the command line ----

function parseType(type: string): string {
  const known = [...planOf("Publish").cases.keys()];
  if (known.includes(type)) return type;
  throw new InvalidArgumentError(
    `There are no events of type "${type}"; there are ${nearest(type, known).join(", ")}.`,
  );
}

function parseData(text: string): Words["data"] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is no JSON: ${(error as Error).message}. Quote it: '{"level":"INFO"}'.`);
  }
  if (typeof data === "object" && data !== null && !Array.isArray(data)) return data as Words["data"];
  throw new InvalidArgumentError(`It takes a JSON object such as '{"level":"INFO"}'.`);
}

function collect(word: string, before: readonly Field[] = []): readonly Field[] {
  const field = toField(word);
  if (field) return [...before, field];
  throw new InvalidArgumentError(`"${word}" is no field; write it as level=INFO.`);
}
