// Ids of Server-Sent Events: where a client stands, in the one text that a browser sends back after a cut.
//
// A stream of one topic: `generation-offset`. Any other: `topic:generation-offset,…`, the topics that moved last first.
import type { Position, Subscribe } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import { isPattern, matches, parsePattern, parseTopic } from "../events/topic.js";

/** Topics in one id, the newest: the id goes out with every event, and topics not named are told as snapshots. */
export const MAX_TOPICS = 64;
/** Longest id, in characters, all of them ASCII: it comes back as a header, and Node takes 16 KiB of headers. */
export const MAX_ID_LENGTH = 8192;
/** The id of a stream of many topics before the first of them is seen. */
const NOWHERE = "-";

const POSITION = /^(\d{1,16})-(\d{1,16})$/;

type Positions = ReadonlyMap<string, Position>;

/** Whether a stream's ids are of the short form: it has one topic, and that is no pattern. */
export function isSingle(topics: readonly string[]): boolean {
  return topics.length === 1 && !isPattern(parsePattern(topics[0] as string));
}

/** Where one stream stands. */
export class EventIds {
  readonly #isSingle: boolean;
  /** By topic as an id writes it, the topic that moved last at the end. */
  readonly #places = new Map<string, string>();

  /**
   * Begins where the stream's requests begin.
   *
   * @throws TidewireError INVALID_TOPIC
   */
  constructor(requests: readonly Subscribe[]) {
    this.#isSingle = isSingle(requests.map(({ topic }) => topic));
    for (const { topic, after, positions } of requests) {
      if (after) this.advance(topic, after);
      // The newest stands first in the id they are from.
      for (const [name, position] of Object.entries(positions).reverse()) this.advance(name, position);
    }
  }

  /** Notes that the client has been told everything of a topic up to there. */
  advance(topic: string, { generation, offset }: Position): void {
    this.#places.delete(topic);
    this.#places.set(topic, `${generation}-${offset}`);
    if (this.#places.size <= MAX_TOPICS) return;
    const [oldest] = this.#places.keys();
    if (oldest !== undefined) this.#places.delete(oldest);
  }

  /** The id to resume with from here; undefined for a stream of one topic that has not been told its position. */
  get current(): string | undefined {
    if (this.#isSingle) return this.#places.values().next().value;
    let id = "";
    for (const [topic, place] of [...this.#places].reverse()) {
      const more = `${topic}:${place}`;
      if (id.length + 1 + more.length > MAX_ID_LENGTH) break;
      id += id === "" ? more : `,${more}`;
    }
    return id === "" ? NOWHERE : id;
  }
}

/**
 * The positions in an id of a stream.
 *
 * @param topics topics and patterns of the stream
 * @returns by topic, the newest first
 * @throws TidewireError INVALID_MESSAGE when it is none of such a stream
 */
export function parseEventId(id: string, topics: readonly string[]): Positions {
  if (id.length > MAX_ID_LENGTH) throw unreadable(`expected at most ${MAX_ID_LENGTH} characters, came ${id.length}`);
  if (isSingle(topics)) return new Map([[topics[0] as string, readPosition(id)]]);
  if (id === NOWHERE) return new Map();
  const parts = id.split(",", MAX_TOPICS + 1);
  if (parts.length > MAX_TOPICS) throw unreadable(`expected at most ${MAX_TOPICS} topics`);
  return new Map(parts.map(readPlace));
}

/** The requests of a stream, going on where the positions say; a topic that they do not name comes as a snapshot. */
export function resumeAt(requests: readonly Subscribe[], positions: Positions): Subscribe[] {
  return requests.map((request) => {
    const pattern = parsePattern(request.topic);
    if (!isPattern(pattern)) {
      const after = positions.get(request.topic);
      return { ...request, after, snapshot: after === undefined };
    }
    const matching = [...positions].filter(([topic]) => matches(pattern, parseTopic(topic)));
    return { ...request, positions: Object.fromEntries(matching), snapshot: matching.length === 0 };
  });
}

function readPlace(text: string): [string, Position] {
  const colon = text.indexOf(":");
  const topic = text.slice(0, Math.max(colon, 0));
  try {
    parseTopic(topic);
  } catch (cause) {
    throw unreadable("expected topics of A-Z a-z 0-9 _ - . before each colon", cause);
  }
  return [topic, readPosition(text.slice(colon + 1))];
}

function readPosition(text: string): Position {
  const [, generation, offset] = (POSITION.exec(text) ?? []).map(Number);
  if (!Number.isSafeInteger(generation) || !Number.isSafeInteger(offset))
    throw unreadable("expected generation-offset");
  return { generation: generation as number, offset: offset as number };
}

function unreadable(reason: string, cause?: unknown): TidewireError {
  const details = { field: "Last-Event-ID" };
  return new TidewireError(
    "INVALID_MESSAGE",
    `Last-Event-ID: ${reason}; send the last id of this same stream`,
    details,
    {
      cause,
    },
  );
}
