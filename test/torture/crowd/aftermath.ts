// What the server's log says, held against what was acknowledged.
import { TidewireClient } from "@tidewire/client";
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
  { mayBeTrimmed }: Trimming,
): Promise<number> {
  let line = 0;
  let lines = 0;
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = await client.topics.events(topic, { after, limit: PAGE, types: ["log"] });
    for (const event of page.entries) {
      if (event.type !== "log") continue;
      const { message = "", position } = event;
      const found = Number(message.slice(0, message.indexOf(" ")));
      const where = (): string => `${topic} line ${found} at ${position.offset} after line ${line}`;
      book.expect(found > line, "the log has every line once and in order", where);
      const isTrimmed = mayBeTrimmed && lines === 0;
      const missing = isTrimmed ? offsets.subarray(0, 0) : offsets.subarray(line, Math.max(line, found - 1));
      book.expect(!missing.some((at) => at > 0), LOST, where);
      book.expect(missing.length === 0, "no line is left out", where);
      const told = offsets[found - 1] ?? 0;
      book.expect(
        told === 0 || told === position.offset,
        "a line is where it was acknowledged",
        () => `${where()}, told ${told}`,
      );
      line = found;
      lines += 1;
    }
    after = page.next;
  }
  const last = offsets.findLastIndex((at) => at > 0) + 1;
  book.expect(line >= last, LOST, () => `${topic} ends at line ${line} of ${last}`);
  return lines;
}
