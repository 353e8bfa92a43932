import t from "tap";
import { fileSystem, free } from "../../../src/doctor/data-folder.js";
import { memoryFor, openFiles, queue } from "../../../src/doctor/machine.js";
import { nodeVersion } from "../../../src/doctor/program.js";
import { sizeText } from "../../../src/doctor/sizes.js";

const MIB = 1024 ** 2;
const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             94927                94927                processes
Max open files            1024                 524288               files
`;

t.test("Node.js is new enough from 20.19 on", async (t) => {
  for (const version of ["20.19.0", "20.20.2", "22.0.0", "24.1.0"]) t.equal(nodeVersion(version).state, "ok", version);
  for (const version of ["20.18.3", "18.20.0"]) t.match(nodeVersion(version), { state: "fault", remedy: /20\.19/ });
});

t.test("open files must suffice for the connections, and the remedy names both ways out", async (t) => {
  t.match(openFiles({ maxConnections: 400 }, LIMITS), { state: "ok" });
  t.match(openFiles({ maxConnections: 10_000 }, LIMITS), {
    state: "warning",
    text: "1024 allowed, 10512 needed",
    remedy: /LimitNOFILE=10512.*maxConnections to 512/,
  });
  t.equal(openFiles({ maxConnections: 10_000 }, LIMITS.replace("1024  ", "unlimited")).state, "ok");
  t.equal(openFiles({ maxConnections: 1 }, "").state, "note", "another system");
});

t.test("memory, free space and the queue of new connections are held against the settings", async (t) => {
  const settings = { historyBytes: 256 * MIB, maxConnections: 10_000 };
  t.match(memoryFor(settings, 1024 * MIB), { state: "ok", text: "1 GiB; at its limits the server needs 609.7 MiB" });
  t.match(memoryFor(settings, 512 * MIB), { state: "warning", remedy: /historyBytes/ });
  const sizes = {
    eventLog: "lmdb",
    retentionBytes: 4096 * MIB,
    segmentBytes: 64 * MIB,
    keptEvaluationBytes: 0,
  } as const;
  t.equal(free(5000 * MIB, sizes).state, "ok");
  t.equal(free(1000 * MIB, sizes).state, "warning");
  t.equal(free(100 * MIB, sizes).state, "fault");
  t.equal(free(100 * MIB, { ...sizes, eventLog: "memory" }).state, "ok");
  t.same(queue(""), []);
  t.match(queue("128\n"), [{ state: "warning", remedy: "sysctl -w net.core.somaxconn=4096" }]);
  t.match(queue("4096\n"), [{ state: "ok" }]);
});

t.test("file systems that lose or break the log are named", async (t) => {
  const config = { dataDir: "/data", eventLog: "lmdb" } as const;
  t.equal(fileSystem(0xef53, config).state, "ok");
  t.match(fileSystem(0x6969, config), { state: "warning", text: /NFS/ });
  t.equal(fileSystem(0x6969, { ...config, eventLog: "memory" }).state, "ok");
  t.match(fileSystem(0x01021994, config), { state: "warning", text: /tmpfs/ });
});

t.test("sizes read well", async (t) => {
  t.same([0, 1023, 1536, 1024 ** 3, 5 * 1024 ** 5].map(sizeText), ["0 B", "1023 B", "1.5 KiB", "1 GiB", "5120 TiB"]);
});
