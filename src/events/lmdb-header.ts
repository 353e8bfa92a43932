// The first two pages of an LMDB file, where LMDB says what the file is. They are looked at before LMDB sees the file: when
// LMDB refuses one, lmdb-js 3.5 does not throw but ends the process.
import { closeSync, openSync, readSync } from "node:fs";

/** Of LMDB's data format, as lmdb-js builds it; names are those of LMDB's mdb.c. */
const MDB_MAGIC = 0xbeefc0de;
const MDB_DATA_VERSION = 2;
const P_META = 0x08;
const P_INVALID = 0xffff_ffff_ffff_ffffn;
/** Bytes of a page's header, `PAGEHDRSZ`; the `MDB_meta` follows it. */
const HEADER_BYTES = 24;
const FLAGS_AT = 18;
/** Fields of `MDB_meta`: magic, version, address, map size, two `MDB_db`, last page, transaction. */
const META_BYTES = 136;
const PAGE_SIZE_AT = 24;
const ROOTS_AT = [64, 112];
const LAST_PAGE_AT = 120;
const MIN_PAGE_BYTES = 256;
const MAX_PAGE_BYTES = 65_536;

/** @throws Error with the reason when the file is no LMDB file that lmdb-js can open */
export function checkHeader(path: string): void {
  const file = openSync(path, "r");
  try {
    const pageBytes = checkMeta(file, 0);
    if (checkMeta(file, pageBytes) !== pageBytes) throw new Error("its two first pages do not agree");
  } finally {
    closeSync(file);
  }
}

/** @returns the size of a page */
function checkMeta(file: number, at: number): number {
  const bytes = new Uint8Array(HEADER_BYTES + META_BYTES);
  if (readSync(file, bytes, 0, bytes.length, at) < bytes.length) throw new Error("it is cut off in its first pages");
  const flags = new DataView(bytes.buffer).getUint16(FLAGS_AT, true);
  const meta = new DataView(bytes.buffer, HEADER_BYTES);
  if ((flags & P_META) === 0 || meta.getUint32(0, true) !== MDB_MAGIC) throw new Error("it is no LMDB file");
  const version = meta.getUint32(4, true);
  if (version !== MDB_DATA_VERSION) throw new Error(`it has version ${version} of LMDB's format`);
  const pageBytes = meta.getUint32(PAGE_SIZE_AT, true);
  if (pageBytes < MIN_PAGE_BYTES || pageBytes > MAX_PAGE_BYTES || (pageBytes & (pageBytes - 1)) !== 0)
    throw new Error(`its pages have ${pageBytes} bytes`);
  const lastPage = meta.getBigUint64(LAST_PAGE_AT, true);
  for (const rootAt of ROOTS_AT) {
    const root = meta.getBigUint64(rootAt, true);
    if (root !== P_INVALID && root > lastPage) throw new Error("its first pages point behind its end");
  }
  return pageBytes;
}
