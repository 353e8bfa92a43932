// The pages of an LMDB file, read as bytes and believed nothing: LMDB itself has no checksums, follows every pointer, and
// takes the process along when one is wrong. Names are those of LMDB's mdb.c, as lmdb-js 3.5 builds it.
import { closeSync, openSync, readSync } from "node:fs";
import { type LmdbTree, readSnapshot, type Snapshot } from "./lmdb-header.js";

const BRANCH = 0x01; // P_BRANCH
const LEAF = 0x02; // P_LEAF
const OVERFLOW = 0x04; // P_OVERFLOW
const BIG = 0x01; // F_BIGDATA
/** Pages that say what the file is. */
const META_PAGES = 2;
/** `MDB_page_header`, behind which pages count their own places. */
const HEADER_BYTES = 24;
const TRANSACTION_AT = 8;
/** Two fields: padding, which is 0, and the flags. */
const PAD_AT = 16;
/** Where the places of the records end, or how many pages a large value has. */
const LOWER_AT = 20;
/** Where the records begin. */
const UPPER_AT = 22;
/** `MDB_node` before its key. */
const NODE_BYTES = 8;
/** `MDB_ovpage`: page, transaction, pages. */
const OVERFLOW_BYTES = 24;
/** A tree of fewer levels holds more than a disk. */
const MAX_DEPTH = 16;
/** Read at once: pages that belong together mostly lie together. */
const WINDOW_BYTES = 1024 * 1024;
/** Windows kept: all of a segment, as a rule. Leaves of one topic lie between those of all others. */
const WINDOWS = 256;

/** Something in a file is not as LMDB would have written it. */
export class BrokenFileError extends Error {
  override readonly name = "BrokenFileError";
}

/** Takes a record: its key lies in the page. */
export type TakeRecord = (page: Buffer, keyAt: number, keyBytes: number, value: Buffer) => void;

/** An LMDB file that nobody writes to. */
export class PageFile implements Disposable {
  readonly #file: number;
  readonly snapshot: Snapshot;
  readonly #pageBytes: number;
  /** Which pages have been seen in this snapshot: each has one place. */
  readonly #seen: Uint8Array;
  readonly #windows = new Map<number, Buffer>();
  /** The key by which the leaf that comes next is found. */
  #separator: Buffer | undefined;
  /** Whether keys sort as bytes; those of free pages are numbers. */
  #isOrdered = false;
  /** The last key that was read. */
  #lastKey: Buffer | undefined;

  /** @param isSameRun whether the machine has run on since the file was written; LMDB opens another snapshot if not */
  constructor(path: string, isSameRun: boolean) {
    this.#file = openSync(path, "r");
    try {
      this.snapshot = readSnapshot(this.#file, isSameRun);
      this.#pageBytes = this.snapshot.pageBytes;
      this.#seen = new Uint8Array(this.snapshot.lastPage + 1);
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /** How many pages there are. */
  get pages(): number {
    return this.#seen.length;
  }

  /** Reads all records of a tree, in order of their keys as the pages have it. @throws BrokenFileError */
  read(tree: LmdbTree, take: TakeRecord): void {
    this.#lastKey = undefined;
    this.#separator = undefined;
    if (tree.root === undefined) {
      if (tree.entries !== 0) throw broken("it has records and no tree");
      return;
    }
    this.#isOrdered = tree === this.snapshot.main;
    if (tree.depth < 1 || tree.depth > MAX_DEPTH) throw broken(`its tree has ${tree.depth} levels`);
    const entries = this.#walk(tree.root, tree.depth, take);
    if (entries !== tree.entries) throw broken(`it has ${entries} records where ${tree.entries} should be`);
  }

  /** Notes that a page has its place. @throws BrokenFileError when it has one already, or does not exist */
  claim(page: number): void {
    if (!(page >= META_PAGES && page < this.#seen.length)) throw broken(`page ${page} does not exist`);
    if (this.#seen[page] === 1) throw broken(`page ${page} is in two places`);
    this.#seen[page] = 1;
  }

  #walk(number: number, depth: number, take: TakeRecord): number {
    this.claim(number);
    const page = this.#page(number, depth > 1 ? BRANCH : LEAF);
    const count = countOf(page);
    if (depth === 1) return this.#leaf(page, count, take);
    if (count < 1) throw broken(`page ${number} leads nowhere`);
    let entries = 0;
    for (let i = 0; i < count; i += 1) {
      if (i > 0) this.#separator = keyOf(page, i);
      entries += this.#walk(childOf(page, i), depth - 1, take);
    }
    return entries;
  }

  #leaf(page: Buffer, count: number, take: TakeRecord): number {
    if (count < 1) throw broken("a page has no records");
    this.#checkSeparator(page);
    for (let i = 0; i < count; i += 1) {
      const node = nodeAt(page, i);
      const size = page.readUInt16LE(node) + page.readUInt16LE(node + 2) * 65_536;
      const flags = page.readUInt16LE(node + 4);
      const keyBytes = page.readUInt16LE(node + 6);
      const keyAt = node + NODE_BYTES;
      const valueAt = keyAt + keyBytes;
      const valueEnd = valueAt + (flags === BIG ? OVERFLOW_BYTES : size);
      if (flags > BIG || valueEnd > page.length) throw broken("a record is larger than its page");
      const value = flags === BIG ? this.#big(page, valueAt, size) : page.subarray(valueAt, valueEnd);
      take(page, keyAt, keyBytes, value);
    }
    this.#lastKey = keyOf(page, count - 1);
    return count;
  }

  /** What is looked up by a key must be found on the page to which the separators lead. */
  #checkSeparator(page: Buffer): void {
    const separator = this.#separator;
    if (!this.#isOrdered || !separator || !this.#lastKey) return;
    this.#separator = undefined;
    if (Buffer.compare(this.#lastKey, separator) >= 0 || Buffer.compare(separator, keyOf(page, 0)) > 0)
      throw broken("a page is found under a wrong key");
  }

  /** A value with pages of its own. */
  #big(page: Buffer, at: number, size: number): Buffer {
    const number = readU64(page, at);
    const pages = readU64(page, at + 16);
    if (pages !== Math.floor((HEADER_BYTES - 1 + size) / this.#pageBytes) + 1)
      throw broken("a large value has a wrong size");
    for (let i = 0; i < pages; i += 1) this.claim(number + i);
    const head = this.#page(number, OVERFLOW);
    if (head.readUInt32LE(LOWER_AT) !== pages) throw broken(`page ${number} has a wrong size`);
    const first = number * this.#pageBytes + HEADER_BYTES;
    return this.#bytes(first, size);
  }

  #page(number: number, kind: number): Buffer {
    const page = this.#bytes(number * this.#pageBytes, this.#pageBytes);
    const isLater = page.readBigUInt64LE(TRANSACTION_AT) > this.snapshot.transaction;
    if (isLater || readU64(page, 0) !== number || page.readUInt32LE(PAD_AT) !== kind << 16)
      throw broken(`page ${number} is not what it should be`);
    return page;
  }

  /** Bytes of the file, as they are until the next call. */
  #bytes(at: number, length: number): Buffer {
    const window = Math.floor(at / WINDOW_BYTES);
    const from = at - window * WINDOW_BYTES;
    if (from + length <= WINDOW_BYTES) {
      const bytes = this.#window(window).subarray(from, from + length);
      if (bytes.length < length) throw broken("it is cut off");
      return bytes;
    }
    const bytes = Buffer.allocUnsafe(length);
    if (readSync(this.#file, bytes, 0, length, at) < length) throw broken("it is cut off");
    return bytes;
  }

  #window(number: number): Buffer {
    const known = this.#windows.get(number);
    if (known) return known;
    const [oldest] = this.#windows.keys();
    const isFull = this.#windows.size >= WINDOWS && oldest !== undefined;
    if (isFull) this.#windows.delete(oldest);
    const bytes = Buffer.allocUnsafe(WINDOW_BYTES);
    const length = readSync(this.#file, bytes, 0, WINDOW_BYTES, number * WINDOW_BYTES);
    const window = bytes.subarray(0, length);
    this.#windows.set(number, window);
    return window;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** How many records a page has. What lies between them and their places is free, and LMDB writes there. */
function countOf(page: Buffer): number {
  const lower = page.readUInt16LE(LOWER_AT);
  const upper = page.readUInt16LE(UPPER_AT);
  if (lower > upper || upper > page.length - HEADER_BYTES || lower % 2 !== 0) throw broken("a page has a wrong size");
  return lower / 2;
}

function nodeAt(page: Buffer, i: number): number {
  const at = page.readUInt16LE(HEADER_BYTES + 2 * i);
  const node = HEADER_BYTES + at;
  if (at < page.readUInt16LE(UPPER_AT) || node + NODE_BYTES > page.length || at % 2 !== 0)
    throw broken("a record lies outside its page");
  return node;
}

function keyOf(page: Buffer, i: number): Buffer {
  const at = nodeAt(page, i) + NODE_BYTES;
  const end = at + page.readUInt16LE(at - 2);
  if (end > page.length) throw broken("a key is larger than its page");
  return page.subarray(at, end);
}

function childOf(page: Buffer, i: number): number {
  const node = nodeAt(page, i);
  return page.readUInt16LE(node) + page.readUInt16LE(node + 2) * 65_536 + page.readUInt16LE(node + 4) * 2 ** 32;
}

/** A number of 64 bits; those beyond 2^53 are nothing that a file could have so many of. */
export function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

function broken(reason: string): BrokenFileError {
  return new BrokenFileError(reason);
}
