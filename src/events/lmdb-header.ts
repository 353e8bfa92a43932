// The first two pages of an LMDB file, where LMDB says what the file is. They are looked at before LMDB sees the file: when
// LMDB refuses one, lmdb-js 3.5 does not throw but ends the process.
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/** Of LMDB's data format, as lmdb-js builds it; names are those of LMDB's mdb.c. */
const MDB_MAGIC = 0xbeefc0de;
const MDB_DATA_VERSION = 2;
const P_META = 0x08;
const P_INVALID = 0xffff_ffff_ffff_ffffn;
/** Flags of the free tree, which are those of the environment: MDB_INTEGERKEY and MDB_NOSUBDIR. */
const ENVIRONMENT = 0x4008;
const MDB_OVERLAPPINGSYNC = 0x1000;
/** Bytes of a page's header, `PAGEHDRSZ`; the `MDB_meta` follows it. */
const HEADER_BYTES = 24;
const FLAGS_AT = 18;
/** Fields of `MDB_meta`: magic, version, address, map size, two `MDB_db`, last page, transaction, run of the machine. */
const META_BYTES = 144;
const TREES_AT = { free: 24, main: 72 } as const;
const LAST_PAGE_AT = 120;
const TRANSACTION_AT = 128;
const BOOT_AT = 136;
/** Fields of `MDB_db`: page size or padding, flags, levels, three counts of pages, records, root. */
const TREE = { pageBytes: 0, flags: 4, depth: 6, entries: 32, root: 40 } as const;
const MIN_PAGE_BYTES = 256;
const MAX_PAGE_BYTES = 65_536;
/** Pages that a file may claim to have: 2^32 of the usual size are 16 TiB, more than a disk, and all are counted. */
const MAX_PAGES = 2 ** 32;

/** What stands in a file for a run that nobody knows. */
const NO_RUN = 0n;

/** One tree of a file. */
export interface LmdbTree {
  /** Page of the root; undefined for an empty tree. */
  readonly root: number | undefined;
  readonly depth: number;
  readonly entries: number;
}

/** A state of a file that was committed. */
export interface Snapshot {
  readonly pageBytes: number;
  /** Pages that are free, by transaction. */
  readonly free: LmdbTree;
  readonly main: LmdbTree;
  readonly lastPage: number;
  /** No page is of a later one. */
  readonly transaction: bigint;
}

interface Meta extends Snapshot {
  /** Whether it was written ahead of its flush. */
  readonly isAhead: boolean;
  readonly boot: bigint;
}

/** @throws Error with the reason when the file is no LMDB file that lmdb-js can open */
export function checkHeader(path: string): void {
  const file = openSync(path, "r");
  try {
    readSnapshot(file, true);
  } finally {
    closeSync(file);
  }
}

/**
 * The snapshot that LMDB opens: the last one, or the last that was flushed when the machine has gone down since.
 *
 * @param isSameRun whether it has not; asked only where the kernel does not tell
 * @throws Error with the reason when there is none
 */
export function readSnapshot(file: number, isSameRun: boolean): Snapshot {
  const first = readMeta(file, 0);
  const { pageBytes } = first;
  const second = readMeta(file, pageBytes);
  if (second.pageBytes !== pageBytes) throw new Error("its two first pages do not agree");
  const flushed = readMeta(file, pageBytes / 2, false);
  if (flushed.transaction !== 0n && flushed.pageBytes !== pageBytes) throw new Error("its first pages do not agree");
  const own = bootId() ?? (isSameRun ? "any" : NO_RUN);
  return pick(pick(first, second, own), flushed, own);
}

/** Says of a copy that everything in it is flushed. */
export async function markFlushed(file: FileHandle): Promise<void> {
  const { pageBytes } = readSnapshot(file.fd, true);
  for (const page of [0, pageBytes]) {
    const at = page + HEADER_BYTES + TREES_AT.free + TREE.flags;
    const flags = Buffer.alloc(2);
    await file.read(flags, 0, 2, at);
    flags.writeUInt16LE(flags.readUInt16LE(0) & ~MDB_OVERLAPPINGSYNC, 0);
    await file.write(flags, 0, 2, at);
  }
}

/** `mdb_pick_meta` while an environment is opened by the first who does. */
function pick(a: Meta, b: Meta, own: bigint | "any"): Meta {
  const latest = a.transaction >= b.transaction ? a : b;
  if (b.transaction === 0n) return a;
  const isOfThisRun = latest.boot !== NO_RUN && (own === "any" || latest.boot === own);
  if (isOfThisRun || !latest.isAhead) return latest;
  return a.transaction > b.transaction ? b : a;
}

/** @param isPage whether it is at the beginning of a page; the one of the last flush is not, and may be empty */
function readMeta(file: number, at: number, isPage = true): Meta {
  const bytes = Buffer.alloc(HEADER_BYTES + META_BYTES);
  if (readSync(file, bytes, 0, bytes.length, at) < bytes.length) throw new Error("it is cut off in its first pages");
  const meta = bytes.subarray(HEADER_BYTES);
  if (isPage) checkPage(bytes, meta);
  const isEmpty = meta.readBigUInt64LE(TRANSACTION_AT) === 0n;
  const flags = meta.readUInt16LE(TREES_AT.free + TREE.flags);
  if ((isPage || !isEmpty) && (flags & ~MDB_OVERLAPPINGSYNC) !== ENVIRONMENT)
    throw new Error(`it has the flags ${flags} of an LMDB file of another kind`);
  if (meta.readUInt32LE(TREES_AT.main) !== 0 || meta.readUInt16LE(TREES_AT.main + TREE.flags) !== 0)
    throw new Error("its records are of another kind");
  const free = readTree(meta, TREES_AT.free);
  const main = readTree(meta, TREES_AT.main);
  const pageBytes = meta.readUInt32LE(TREES_AT.free + TREE.pageBytes);
  const lastPage = Number(meta.readBigUInt64LE(LAST_PAGE_AT));
  if (isPage && (pageBytes < MIN_PAGE_BYTES || pageBytes > MAX_PAGE_BYTES || (pageBytes & (pageBytes - 1)) !== 0))
    throw new Error(`its pages have ${pageBytes} bytes`);
  if (lastPage > MAX_PAGES || [free, main].some(({ root = 0 }) => root > lastPage))
    throw new Error("its first pages point behind its end");
  return {
    pageBytes,
    free,
    main,
    lastPage,
    transaction: meta.readBigUInt64LE(TRANSACTION_AT),
    isAhead: (flags & MDB_OVERLAPPINGSYNC) !== 0,
    boot: meta.readBigInt64LE(BOOT_AT),
  };
}

function checkPage(bytes: Buffer, meta: Buffer): void {
  if ((bytes.readUInt16LE(FLAGS_AT) & P_META) === 0 || meta.readUInt32LE(0) !== MDB_MAGIC)
    throw new Error("it is no LMDB file");
  const version = meta.readUInt32LE(4);
  if (version !== MDB_DATA_VERSION) throw new Error(`it has version ${version} of LMDB's format`);
}

function readTree(meta: Buffer, at: number): LmdbTree {
  const root = meta.readBigUInt64LE(at + TREE.root);
  return {
    root: root === P_INVALID ? undefined : Number(root),
    depth: meta.readUInt16LE(at + TREE.depth),
    entries: Number(meta.readBigUInt64LE(at + TREE.entries)),
  };
}

/** This run of the machine as lmdb-js counts it: the first eight digits of the kernel's id. Undefined where there is none. */
function bootId(): bigint | undefined {
  try {
    return BigInt(`0x${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8)}`);
  } catch {
    return undefined;
  }
}
