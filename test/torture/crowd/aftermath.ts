// What the server's log says, held against what was acknowledged.
import { type EventPage, TidewireClient, TidewireClientError } from "@tidewire/client";
import type { Findbook } from "../lib/part.js";
import type { Acknowledged } from "./cast.js";

const LOST = "no acknowledged event is lost";
/** Entries of one page: the most that the server gives. */
const PAGE = 1000;

/** Begins the runs that a crowd writes to. */
export async function createRuns(url: string, token: string | undefined, runs: readonly string[]): Promise<void> {
  const client = new TidewireClient({ baseURL: url, token });
  for (const experimentId of runs) await client.training.createSession({ experimentId });
}

/** The last acknowledged line of each topic. */
export function headsOf(acknowledged: Acknowledged): Map<string, number> {
  return new Map(
    Object.entries(acknowledged).map(([topic, offsets]) => [topic, offsets.findLastIndex((at) => at > 0) + 1]),
  );
}

/** How many lines were acknowledged. */
export function countAcknowledged(acknowledged: Acknowledged): number {
  return Object.values(acknowledged).reduce((sum, offsets) => sum + offsets.filter((at) => at > 0).length, 0);
}

/** Whether the oldest lines may have gone with their segment. */
interface Trimming {
  readonly mayBeTrimmed: boolean;
}

/**
 * Reads every run from its beginning: each acknowledged line is where it was acknowledged, and lines are there once and in
 * order, without a hole.
 *
 * @returns how many lines the log has
 */
export async function checkLog(
  url: string,
  token: string | undefined,
  acknowledged: Acknowledged,
  book: Findbook,
  trimming: Trimming = { mayBeTrimmed: false },
): Promise<number> {
  const client = new TidewireClient({ baseURL: url, token });
  let lines = 0;
  for (const [topic, offsets] of Object.entries(acknowledged))
    lines += await checkRun(client, topic, offsets, book, trimming);
  return lines;
}

async function checkRun(
  client: TidewireClient,
  topic: string,
  offsets: Float64Array,
  book: Findbook,
  trimming: Trimming,
): Promise<number> {
  const run = new RunCheck(topic, offsets, book, trimming);
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = await pageOf(client, topic, after, trimming);
    for (const event of page.entries) if (event.type === "log") run.add(event.message ?? "", event.position.offset);
    after = page.next;
  }
  run.end();
  return run.lines;
}

/** Takes a run's lines as the log has them. */
class RunCheck {
  lines = 0;
  readonly #topic: string;
  readonly #offsets: Float64Array;
  readonly #book: Findbook;
  readonly #mayBeTrimmed: boolean;
  #line = 0;

  constructor(topic: string, offsets: Float64Array, book: Findbook, { mayBeTrimmed }: Trimming) {
    this.#topic = topic;
    this.#offsets = offsets;
    this.#book = book;
    this.#mayBeTrimmed = mayBeTrimmed;
  }

  add(message: string, offset: number): void {
    const [book, offsets, before] = [this.#book, this.#offsets, this.#line];
    const line = Number(message.slice(0, message.indexOf(" ")));
    const where = (): string => `${this.#topic} line ${line} at ${offset} after line ${before}`;
    book.expect(line > before, "the log has every line once and in order", where);
    if (!this.#mayBeTrimmed || this.lines > 0) {
      const missing = offsets.subarray(before, Math.max(before, line - 1));
      book.expect(!missing.some((at) => at > 0), LOST, where);
      book.expect(missing.length === 0, "no line is left out", where);
    }
    const told = offsets[line - 1] ?? 0;
    const isThere = told === 0 || told === offset;
    book.expect(isThere, "a line is where it was acknowledged", () => `${where()}, told ${told}`);
    this.#line = line;
    this.lines += 1;
  }

  end(): void {
    if (this.#mayBeTrimmed && this.lines === 0) return;
    const last = this.#offsets.findLastIndex((at) => at > 0) + 1;
    this.#book.expect(this.#line >= last, LOST, () => `${this.#topic} ends at line ${this.#line} of ${last}`);
  }
}

/** A page of lines; an empty one of a run that retention has taken whole. */
async function pageOf(
  client: TidewireClient,
  topic: string,
  after: number,
  { mayBeTrimmed }: Trimming,
): Promise<EventPage> {
  try {
    return await client.topics.events(topic, { after, limit: PAGE, types: ["log"] });
  } catch (error) {
    const isTrimmed = mayBeTrimmed && error instanceof TidewireClientError && error.code === "TOPIC_NOT_FOUND";
    if (!isTrimmed) throw error;
    return { generation: 0, entries: [] };
  }
}
