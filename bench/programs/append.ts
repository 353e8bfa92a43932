// The physical limit: LMDB alone, the same bytes appended in batches, each waited for until it is flushed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { encodeStored, LINES } from "../client/lines.js";
import { serveJobs } from "../lib/jobs.js";

interface AppendOptions {
  readonly topic: string;
  /** Lines put and not flushed. */
  readonly inFlight: number;
  /** Lines of a batch; divides `inFlight`. */
  readonly batch: number;
  readonly ms: number;
}

const KEY_BYTES = 12;
/** As the server sets aside for a segment's file. */
const MAP_BYTES = 4 * 2 ** 30;

/** Appends lines for a while, as a log of one topic would keep them. @returns lines a second */
async function append({ topic, inFlight, batch, ms }: AppendOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "tidewire-bench-lmdb-"));
  try {
    const db = open<Uint8Array, Buffer>({
      path: join(folder, "bare.mdb"),
      noSubdir: true,
      mapSize: MAP_BYTES,
      cache: false,
      encoding: "binary",
      keyEncoding: "binary",
      separateFlushed: true,
    });
    const perSecond = await fill(
      db,
      Array.from({ length: LINES }, (_, i) => encodeStored(topic, i)),
      {
        inFlight,
        batch,
        ms,
      },
    );
    await db.close();
    return perSecond;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(
  db: RootDatabase<Uint8Array, Buffer>,
  values: readonly Uint8Array[],
  { inFlight, batch, ms }: Omit<AppendOptions, "topic">,
): Promise<number> {
  const startMs = performance.now();
  let [put, flushed] = [0, 0];
  const putBatches = async (): Promise<void> => {
    while (performance.now() - startMs < ms) {
      const last = putBatch(db, values, put, batch);
      put += batch;
      await last;
      await last.flushed;
      flushed += batch;
    }
  };
  await Promise.all(Array.from({ length: inFlight / batch }, putBatches));
  const perSecond = (flushed * 1000) / (performance.now() - startMs);
  check(db, values, put);
  return perSecond;
}

/** What a put promises with `separateFlushed`. */
type Put = Promise<boolean> & { readonly flushed?: Promise<unknown> };

function putBatch(
  db: RootDatabase<Uint8Array, Buffer>,
  values: readonly Uint8Array[],
  from: number,
  count: number,
): Put {
  let last: Put = Promise.resolve(true);
  for (let i = from; i < from + count; i += 1) last = db.put(keyOf(i), values[i % LINES] as Uint8Array);
  return last;
}

function keyOf(offset: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  key.writeUInt32BE(1, 0);
  key.writeUInt32BE(0, 4);
  key.writeUInt32BE(offset, 8);
  return key;
}

/** Whether all of it is there. */
function check(db: RootDatabase<Uint8Array, Buffer>, values: readonly Uint8Array[], put: number): void {
  const last = db.get(keyOf(put - 1));
  if (db.getKeysCount() !== put || !last || !Buffer.from(values[(put - 1) % LINES] as Uint8Array).equals(last))
    throw new Error(`${put} lines were put, and ${db.getKeysCount()} are there`);
}

serveJobs({ append });
