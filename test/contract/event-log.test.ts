// All event logs keep the one contract.
import { LmdbLog } from "../../src/events/lmdb-log.js";
import { MemoryLog } from "../../src/events/memory-log.js";
import { describeEventLog } from "./event-log.js";

describeEventLog("memory", {
  survivesRestart: false,
  open: async (_folder, limits, nowMs) => new MemoryLog(limits, nowMs),
});

describeEventLog("lmdb", {
  survivesRestart: true,
  open: (folder, limits, nowMs) => LmdbLog.open(folder, limits, nowMs),
});
