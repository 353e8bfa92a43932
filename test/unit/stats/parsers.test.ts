// Parsers of what the kernel and programs write: whatever they are given, figures are figures or absent.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { test } from "tap";
import { foldersOf, parseCpuMax } from "../../../src/stats/cgroup.js";
import { busyShare, parseCpuList, parseLoad, parseStat, parseUsage } from "../../../src/stats/linux-cpu.js";
import { parseDiskstats } from "../../../src/stats/linux-disks.js";
import { parseUptime } from "../../../src/stats/linux-host.js";
import { parseInactiveFile, parseMeminfo } from "../../../src/stats/linux-memory.js";
import { parseNetDev } from "../../../src/stats/linux-network.js";
import { parseCpuinfo, parseMillidegrees } from "../../../src/stats/linux-sensors.js";
import { parseMounts } from "../../../src/stats/mounts.js";
import { parseGpuLine } from "../../../src/stats/nvidia-lines.js";

const fixture = (path: string) => readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), "latin1");
const HOST = "hosts/virtual-machine/proc";

/** Each parser with a text that it reads as it should. */
const PARSERS: Readonly<Record<string, readonly [(text: string) => unknown, string]>> = {
  stat: [parseStat, fixture(`${HOST}/stat`)],
  loadavg: [parseLoad, fixture(`${HOST}/loadavg`)],
  uptime: [parseUptime, fixture(`${HOST}/uptime`)],
  meminfo: [parseMeminfo, fixture(`${HOST}/meminfo`)],
  diskstats: [parseDiskstats, fixture(`${HOST}/diskstats`)],
  netDev: [parseNetDev, fixture(`${HOST}/net/dev`)],
  cpuinfo: [parseCpuinfo, fixture(`${HOST}/cpuinfo`)],
  mountinfo: [parseMounts, fixture("hosts/workstation/proc/self/mountinfo")],
  cgroupFolders: [(text) => foldersOf(text, text), fixture("hosts/container/proc/self/mountinfo")],
  cpuMax: [parseCpuMax, "150000 100000\n"],
  cpuStat: [parseUsage, fixture("hosts/container/sys/fs/cgroup/cpu.stat")],
  memoryStat: [parseInactiveFile, fixture("hosts/container/sys/fs/cgroup/memory.stat")],
  cpuList: [parseCpuList, "0-3,8,10-11\n"],
  temperature: [parseMillidegrees, "47000\n"],
  gpuLine: [parseGpuLine, fixture("nvidia-smi/two.csv").split("\n")[0] as string],
};

/** All numbers in a value, wherever they stand. */
function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (value instanceof Map) return [...value.values()].flatMap(numbersIn);
  if (value instanceof Set) return [...value].flatMap(numbersIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(numbersIn);
}

/** Random bytes; and a good text with something else in it, cut somewhere. */
function anything(good: string): fc.Arbitrary<string> {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    fc.constantFrom("-1", "NaN", "1e999", "99999999999999999999", "", " ", "\n", "0x10", "Infinity", ".", "__proto__"),
  );
  const spoilt = fc
    .tuple(fc.nat(good.length), fc.nat(12), noise, fc.nat(good.length))
    .map(([at, length, text, end]) => (good.slice(0, at) + text + good.slice(at + length)).slice(0, end));
  return fc.oneof(noise, spoilt);
}

for (const [name, [parse, good]] of Object.entries(PARSERS)) {
  test(`${name}: any text gives figures or nothing, never NaN, never less than nothing, and never throws`, async (t) => {
    t.ok(
      numbersIn(parse(good)).length > 0 || name === "cgroupFolders" || name === "mountinfo",
      "the good text is read",
    );
    const least = name === "temperature" ? -60 : 0;
    fc.assert(
      fc.property(anything(good), (text) => {
        for (const number of numbersIn(parse(text))) assert.ok(Number.isFinite(number) && number >= least, `${number}`);
      }),
      { numRuns: 400 },
    );
  });
}

test("a share is 0 to 100 or absent, whatever two readings say", async (t) => {
  const ticks = fc.record({ busy: fc.nat(), total: fc.nat() });
  fc.assert(
    fc.property(fc.option(ticks, { nil: undefined }), ticks, (before, now) => {
      const share = busyShare(before, now);
      assert.ok(share === undefined || (share >= 0 && share <= 100), `${share}`);
      if (before === undefined || now.total <= before.total || now.busy < before.busy) assert.equal(share, undefined);
    }),
  );
  t.equal(busyShare({ busy: 10, total: 100 }, { busy: 10, total: 200 }), 0, "idle is 0, not absent");
});

test("a cgroup's folders: with and without a namespace, below a mount that shows a part", async (t) => {
  const mount = (top: string) => `1 2 0:31 ${top} /sys/fs/cgroup ro,nosuid shared:4 - cgroup2 cgroup rw`;
  t.same(foldersOf(mount("/"), "0::/\n"), ["/sys/fs/cgroup"]);
  t.same(foldersOf(mount("/"), "3:cpu:/x\n0::/a/b\n"), ["/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a", "/sys/fs/cgroup"]);
  t.same(foldersOf(mount("/docker/1f"), "0::/docker/1f\n"), ["/sys/fs/cgroup"]);
  t.same(foldersOf(mount("/docker/1f"), "0::/docker/1f/job\n"), ["/sys/fs/cgroup/job", "/sys/fs/cgroup"]);
  t.same(foldersOf(mount("/docker/1f"), "0::/docker/1ff\n"), ["/sys/fs/cgroup"], "another one's name begins alike");
  t.same(foldersOf(mount("/"), "0::/../../x\n"), ["/sys/fs/cgroup"], "outside of what can be seen");
  t.same(foldersOf("", "0::/a\n"), [], "no cgroup v2");
  t.same(foldersOf(mount("/"), "1:cpu:/a\n"), []);
});

test("a quota is a count of processors; without one there is none", async (t) => {
  t.equal(parseCpuMax("150000 100000\n"), 1.5);
  t.equal(parseCpuMax("max 100000\n"), undefined);
  t.equal(parseCpuMax("0 0\n"), undefined);
});
