// Bodies that add events: one entry, a list of them, or one a line. Read whole before anything is added; what is wrong is
// named with its place.
import type { FastifyReply } from "fastify";
import type { MessageTypes } from "../../generated/ts/schema.js";
import type { Position, Publish } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import type { EventPublisher } from "../events/types.js";
import { type MessageType, readMessage } from "../wire/json.js";
import { Lines, parseJson } from "./bodies.js";
import { send } from "./reply.js";

/** Most entries of one body: they become one commit, and nobody else is served while they are read, some 40 ms. */
export const MAX_ENTRIES = 10_000;

/** A body's entries. */
export interface Entries<T extends MessageType> {
  readonly all: readonly MessageTypes[T][];
  /** Whether they came as a list, and are answered by one. */
  readonly isList: boolean;
  /** The error with the place of an entry in it. */
  place(error: TidewireError, index: number): TidewireError;
}

/** The entries of a body. @throws TidewireError INVALID_JSON, INVALID_MESSAGE */
export function readEntries<T extends MessageType>(type: T, body: unknown): Entries<T> {
  if (body instanceof Lines) return readLines(type, body.text);
  if (!Array.isArray(body)) return { all: [readMessage(type, body)], isList: false, place: (error) => error };
  if (body.length > MAX_ENTRIES) throw tooMany(`${body.length} entries`);
  return {
    all: body.map((entry, i) => readMessage(type, entry, `[${i}]`)),
    isList: true,
    place: (error, index) => placed(error, `[${index}]`, { index }),
  };
}

/** Publishes one event for each entry, all or none, and replies with the positions in the form the entries had. */
export async function publishEntries<T extends MessageType>(
  reply: FastifyReply,
  publisher: EventPublisher,
  entries: Entries<T>,
  toPublish: (entry: MessageTypes[T]) => Publish,
): Promise<FastifyReply> {
  const positions = await publishAll(publisher, entries, entries.all.map(toPublish));
  if (entries.isList) return send(reply, "PublishedList", { positions: [...positions] });
  return send(reply, "Published", positions[0] as Position);
}

async function publishAll<T extends MessageType>(
  publisher: EventPublisher,
  entries: Entries<T>,
  events: readonly Publish[],
): Promise<readonly Position[]> {
  if (events.length === 0) return [];
  try {
    return await publisher.publish(events);
  } catch (error) {
    const index = error instanceof TidewireError ? error.details?.index : undefined;
    throw typeof index === "number" ? entries.place(error as TidewireError, index) : error;
  }
}

function readLines<T extends MessageType>(type: T, text: string): Entries<T> {
  const all: MessageTypes[T][] = [];
  const numbers: number[] = [];
  for (const { line, number } of linesOf(text)) {
    all.push(readLine(type, line, number));
    numbers.push(number);
  }
  const place = (error: TidewireError, index: number) => atLine(error, numbers[index] ?? 0);
  return { all, isList: true, place };
}

function readLine<T extends MessageType>(type: T, line: string, number: number): MessageTypes[T] {
  try {
    return readMessage(type, parseJson(line));
  } catch (error) {
    throw error instanceof TidewireError ? atLine(error, number) : error;
  }
}

/** The lines that are not blank, with their numbers from 1. @throws TidewireError INVALID_MESSAGE when there are too many, blank ones counted */
function* linesOf(text: string): Generator<{ readonly line: string; readonly number: number }> {
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    number += 1;
    if (number > MAX_ENTRIES) throw tooMany("more lines");
    const line = text.slice(start, end);
    if (line.trim() !== "") yield { line, number };
    start = end + 1;
  }
}

function atLine(error: TidewireError, line: number): TidewireError {
  return placed(error, `line ${line}`, { line });
}

function placed(error: TidewireError, where: string, place: Readonly<Record<string, number>>): TidewireError {
  const { index, ...details } = error.details ?? {};
  const { code, message, cause, retryable, retryAfterMs } = error;
  // A publisher that counts events says so in words too; its client may have counted lines.
  const reason = message.replace(`at index ${index}: `, "");
  return new TidewireError(
    code,
    `${where}: ${reason}`,
    { ...details, ...place },
    { cause, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  );
}

function tooMany(came: string): TidewireError {
  const limit = MAX_ENTRIES;
  return new TidewireError("INVALID_MESSAGE", `expected a body of at most ${limit} entries, came ${came}`, { limit });
}
