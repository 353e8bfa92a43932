// What a log takes: the same for all adapters, so that what one keeps the other keeps too.
import type { NewEntry } from "./event-log.js";

/** Longest name of a topic in bytes of UTF-8; eight tokens of 128 characters are shorter. */
const MAX_TOPIC_BYTES = 2_048;
/** Longest idempotency key in bytes of UTF-8, as the schema says. */
const MAX_KEY_BYTES = 128;
/** Largest event: twice the largest frame by default, so that it refuses accidents only. */
const MAX_EVENT_BYTES = 32 * 1024 * 1024;
/** What an entry takes beside its bytes: its key, its place in a page, its part of the page's slack. */
const OVERHEAD_BYTES = 48;

/** Checks the entries of a call. @returns about how many bytes they take @throws RangeError, TypeError naming the entry */
export function checkEntries(entries: readonly NewEntry[]): number {
  let bytes = 0;
  let last = "";
  for (let i = 0; i < entries.length; i += 1) {
    const { topic, bytes: event, key } = entries[i] as NewEntry;
    if (topic !== last) checkLength("topic", i, topic, MAX_TOPIC_BYTES);
    last = topic;
    if (!(event instanceof Uint8Array)) throw new TypeError(`entry ${i}: bytes is no Uint8Array`);
    if (event.length > MAX_EVENT_BYTES)
      throw new RangeError(`entry ${i}: an event of ${event.length} bytes, at most ${MAX_EVENT_BYTES} are kept`);
    if (key !== undefined) checkLength("key", i, key, MAX_KEY_BYTES);
    bytes += event.length + OVERHEAD_BYTES;
  }
  return bytes;
}

function checkLength(name: string, i: number, text: string, most: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes < 1 || bytes > most)
    throw new RangeError(`entry ${i}: ${name} has ${bytes} bytes, 1 to ${most} are allowed`);
}
