// Events from the standard input: read no faster than the server takes them, in order.
import { createReadStream } from "node:fs";
import { type Position, type ProgressClient, TidewireClientError } from "@tidewire/client";
import { type CommandContext, CommandError } from "./context.js";
import { count, duration } from "./numbers.js";
import { type Publication, toPublication } from "./publish-event.js";
import { type Line, linesOf } from "./publish-lines.js";
import { hintsFor, positionLine } from "./publish-text.js";
import { canDraw } from "./terminal.js";
import { explain } from "./watch-errors.js";

/** Publishes that may wait for their acknowledgement: beyond them the input is read no further. */
export const MAX_IN_FLIGHT = 1024;
/** Their size, as characters of their lines. */
const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;
/** Refused lines that are told one by one; the others are counted. */
const MAX_TOLD = 20;
const PROGRESS_INTERVAL_MS = 200;
/** Goes back to the line's beginning and clears it. */
const REWIND = "\r\u001b[K";
/** Codes after which no further line has a chance. */
const FATAL: ReadonlySet<string> = new Set([
  "CONNECTION_FAILED",
  "CLIENT_CLOSED",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
]);

/** Who publishes. */
export type Publisher = Pick<ProgressClient, "publish">;

/** What the command line says for all lines. */
export interface LineOptions {
  readonly topic?: string | undefined;
  readonly type?: string | undefined;
  readonly key?: string | undefined;
  readonly json?: true | undefined;
}

/** Publishes every line. @throws CommandError when a line was refused, once all are through */
export async function publishLines(
  client: Publisher,
  options: LineOptions,
  context: CommandContext,
  input: AsyncIterable<string> = createReadStream("", { fd: 0, encoding: "utf8" }),
): Promise<void> {
  const stream = new PublishStream(client, options, context);
  try {
    await stream.run(input);
  } catch (error) {
    throw error instanceof RangeError ? new CommandError(error.message, { cause: error }) : error;
  } finally {
    stream.end();
  }
  if (stream.refused > 0)
    throw new CommandError(`${count(stream.refused)} of ${count(stream.lines)} lines were refused`);
}

class PublishStream {
  lines = 0;
  refused = 0;
  #published = 0;
  #inFlight = 0;
  #fatal: unknown;
  #bytes = 0;
  /** Called with each acknowledgement. */
  #wake: (() => void) | undefined;
  readonly #client: Publisher;
  readonly #options: LineOptions;
  readonly #context: CommandContext;
  readonly #startMs = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(client: Publisher, options: LineOptions, context: CommandContext) {
    this.#client = client;
    this.#options = options;
    this.#context = context;
    if (canDraw(context.stderr as CommandContext["stdout"], context.env))
      this.#timer = setInterval(() => context.stderr.write(`${REWIND}${this.#summary()}`), PROGRESS_INTERVAL_MS);
  }

  async run(input: AsyncIterable<string>): Promise<void> {
    for await (const line of linesOf(input)) {
      this.lines += 1;
      this.#take(line);
      await this.#until(() => this.#inFlight < MAX_IN_FLIGHT && this.#bytes < MAX_IN_FLIGHT_BYTES);
    }
    await this.#until(() => this.#inFlight === 0);
  }

  end(): void {
    clearInterval(this.#timer);
    const { stderr } = this.#context;
    stderr.write(`${this.#timer === undefined ? "" : REWIND}${this.#summary()}\n`);
  }

  #take(line: Line): void {
    try {
      void this.#publish(line, this.#read(line));
    } catch (error) {
      this.#refuse(line, error);
    }
  }

  async #publish(line: Line, { topic, event, ...options }: Publication): Promise<void> {
    const bytes = line.text.length;
    this.#inFlight += 1;
    this.#bytes += bytes;
    try {
      this.#accepted(line, topic, await this.#client.publish(topic, event, options));
    } catch (error) {
      this.#refuse(line, error, topic);
    }
    this.#inFlight -= 1;
    this.#bytes -= bytes;
    this.#wake?.();
  }

  /** @throws TidewireClientError INVALID_JSON, INVALID_MESSAGE */
  #read({ text, number }: Line): Publication {
    const { topic, type, key } = this.#options;
    const json = parse(text);
    const given = Object.entries({ topic, type }).filter(([, value]) => value !== undefined);
    const idempotency = key === undefined ? {} : { idempotency_key: `${key}-${number}` };
    return toPublication({ ...Object.fromEntries(given), ...idempotency, ...json });
  }

  #accepted({ number }: Line, topic: string, position: Position): void {
    this.#published += 1;
    if (this.#options.json) this.#context.stdout.write(`${positionLine(topic, position, true, { line: number })}\n`);
  }

  #refuse({ number }: Line, error: unknown, topic?: string): void {
    if (!(error instanceof TidewireClientError) || FATAL.has(error.code)) {
      this.#fatal ??= error;
      return;
    }
    this.refused += 1;
    if (this.refused > MAX_TOLD) return;
    const rewind = this.#timer === undefined ? "" : REWIND;
    this.#context.stderr.write(`${rewind}line ${number}: ${explain(error, hintsFor(topic)).replaceAll("\n", "; ")}\n`);
    if (this.refused === MAX_TOLD) this.#context.stderr.write("further lines that are refused are only counted\n");
  }

  /** Waits for acknowledgements. @throws what makes going on pointless */
  async #until(isDone: () => boolean): Promise<void> {
    while (this.#fatal === undefined && !isDone())
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  #summary(): string {
    const ms = performance.now() - this.#startMs;
    const rate = count((this.#published * 1000) / Math.max(1, ms));
    const refused = this.refused === 0 ? "" : `, ${count(this.refused)} refused`;
    return `${count(this.#published)} events published in ${duration(ms)}, ${rate}/s${refused}`;
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new TidewireClientError("INVALID_JSON", `no JSON: ${(error as Error).message}`);
  }
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw new TidewireClientError("INVALID_MESSAGE", `expected an object such as {"topic":…,"type":…,"data":…}`);
}
