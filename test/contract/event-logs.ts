// Every adapter of the event log, small enough that retention has something to do.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import type { EventLog } from "../../src/events/event-log.js";
import { LmdbLog } from "../../src/events/lmdb-log.js";
import { MemoryLog } from "../../src/events/memory-log.js";

const LIMITS = { segmentBytes: 2_000, segmentMaxAgeMs: 1e9, retentionBytes: 6_000, retentionMaxAgeMs: 1e9 };

/** Opens an empty log; its files go when the test ends. */
export const logFactories: Readonly<Record<string, (t: Test) => Promise<EventLog>>> = {
  memory: async () => new MemoryLog(LIMITS),
  lmdb: (t) => {
    const folder = mkdtempSync(join(tmpdir(), "tidewire-log-"));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    return LmdbLog.open(folder, LIMITS);
  },
};
