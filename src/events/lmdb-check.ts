// Looks through a segment's file before LMDB sees it: all pages, all records, all checksums.
import { checksumOf } from "./checksum.js";
import { BrokenFileError, PageFile, readU64 } from "./lmdb-pages.js";
import {
  EVENT_KEY_BYTES,
  RECORD,
  RECORD_KEY_BYTES,
  type RecordKind,
  readMeta,
  readTopic,
  unsealed,
} from "./lmdb-records.js";

/** What a file is worth. */
export type SegmentVerdict =
  | { readonly is: "whole" }
  /** All records are there, but LMDB's list of free pages cannot be trusted: a write might go into a page that is used. */
  | { readonly is: "not writable"; readonly reason: string }
  | { readonly is: "broken"; readonly reason: string };

/**
 * Checks a file that nobody writes to. Blocks while it reads all of it.
 *
 * @param isSameRun whether the machine has run on since the file was written
 * @throws UnknownFormatError; system errors when it cannot be read at all
 */
export function checkSegment(path: string, isSameRun: boolean): SegmentVerdict {
  let file: PageFile | undefined;
  try {
    file = new PageFile(path, isSameRun);
    readRecords(file);
    return readFree(file);
  } catch (error) {
    if (!isVerdict(error)) throw error;
    return { is: "broken", reason: error.message };
  } finally {
    file?.[Symbol.dispose]();
  }
}

/** Errors of the system, such as too many open files, say nothing about the file; those of the disk itself do. */
function isVerdict(error: unknown): error is Error {
  if (!(error instanceof Error) || error.name === "UnknownFormatError") return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined || code === "EIO" || code.startsWith("ERR_");
}

function readRecords(file: PageFile): void {
  const records = new Records();
  file.read(file.snapshot.main, (page, keyAt, keyBytes, value) => {
    if (keyBytes === EVENT_KEY_BYTES) records.event(page, keyAt, value);
    else if (keyBytes === RECORD_KEY_BYTES) records.record(page, keyAt, value);
    else throw new BrokenFileError(`a key has ${keyBytes} bytes`);
  });
  records.end();
}

/** Follows the records of the main tree, in their order. */
class Records {
  /** Offset of the first event by the topic's id, as the topics' records say. */
  readonly #firsts = new Map<number, number>();
  #hasMeta = false;
  #kind = 0;
  #count = -1;
  #id = 0;
  #offset = 0;

  record(page: Buffer, at: number, value: Buffer): void {
    const kind = page.readUInt8(at + 4) as RecordKind;
    const id = page.readUInt32BE(at + 5);
    const isAfter = kind > this.#kind || (kind === this.#kind && id > this.#count);
    if (page.readUInt32BE(at) !== 0 || this.#id !== 0 || !isAfter)
      throw new BrokenFileError("records are out of order");
    this.#kind = kind;
    this.#count = id;
    if (kind === RECORD.meta) {
      readMeta(value);
      this.#hasMeta = true;
      return;
    }
    const payload = unsealed(kind, id, value);
    if (kind === RECORD.topic) this.#firsts.set(id, readTopic(payload).first);
  }

  event(page: Buffer, at: number, value: Buffer): void {
    const id = page.readUInt32BE(at);
    const offset = page.readUInt32BE(at + 4) * 2 ** 32 + page.readUInt32BE(at + 8);
    const expected = id === this.#id ? this.#offset + 1 : this.#firsts.get(id);
    if (id < this.#id || offset !== expected)
      throw new BrokenFileError(`event ${offset} of topic ${id} is not the next one`);
    if (page.readUInt32BE(at + 12) !== checksumOf(value, id, offset))
      throw new BrokenFileError(`event ${offset} of topic ${id} is damaged`);
    if (id !== this.#id) this.#firsts.delete(id);
    this.#id = id;
    this.#offset = offset;
  }

  end(): void {
    if (!this.#hasMeta) throw new BrokenFileError("it has no record of what it is");
    if (this.#firsts.size > 0) throw new BrokenFileError(`the events of ${this.#firsts.size} topics are missing`);
  }
}

/** The tree of free pages: by transaction, a list with its length before it, in which `-n, p` are n pages from p on. */
function readFree(file: PageFile): SegmentVerdict {
  try {
    let last = 0;
    file.read(file.snapshot.free, (page, keyAt, keyBytes, value) => {
      const transaction = keyBytes === 8 ? readU64(page, keyAt) : 0;
      if (transaction <= last) throw new BrokenFileError("free pages are out of order");
      last = transaction;
      readFreeList(file, value);
    });
    return { is: "whole" };
  } catch (error) {
    if (!(error instanceof BrokenFileError)) throw error;
    return { is: "not writable", reason: error.message };
  }
}

function readFreeList(file: PageFile, list: Buffer): void {
  const length = list.length < 8 ? -1 : readU64(list, 0);
  if (length < 0 || 8 * (length + 1) > list.length)
    throw new BrokenFileError("a list of free pages has a wrong length");
  for (let i = 1; i <= length; i += 1) {
    const entry = Number(list.readBigInt64LE(8 * i));
    if (entry === 0) continue;
    const count = entry < 0 ? -entry : 1;
    if (entry < 0) i += 1;
    const first = entry < 0 ? (i <= length ? readU64(list, 8 * i) : 0) : entry;
    if (count > file.pages) throw new BrokenFileError("more pages are free than there are");
    for (let page = first; page < first + count; page += 1) file.claim(page);
  }
}
