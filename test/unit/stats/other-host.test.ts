// Hosts without /proc, as Node and a library tell of them; the library is asked seldom and may fail.
import { cpus } from "node:os";
import { test } from "tap";
import { openHost } from "../../../src/stats/host.js";
import { type Informant, OtherHost } from "../../../src/stats/other-host.js";

const informant: Informant = {
  mem: async () => ({ total: 1000, available: 250, swaptotal: 0, swapused: 0 }),
  fsSize: async () => [{ mount: "/", fs: "/dev/disk1", size: 100, used: 40, use: 40 }],
  networkStats: async () => [
    { iface: "lo0", rx_bytes: 1e9, tx_bytes: 1e9 },
    { iface: "en0", rx_bytes: 100, tx_bytes: 200 },
    { iface: "en1", rx_bytes: Number.NaN, tx_bytes: -1 },
  ],
};

test("figures of Node and of the library, in the same form as on Linux", async (t) => {
  const host = new OtherHost("darwin", async () => informant);
  await host.refresh();
  const first = host.sample(undefined);
  t.match(first, {
    cpu: { cpuUtil: undefined, count: cpus().length, load1m: Number },
    memory: { ramPercent: 75, totalBytes: 1000, usedBytes: 750, swapPercent: undefined },
    disks: [{ mount: "/", device: "/dev/disk1", usedPercent: 40 }],
    network: { receivedBytes: 100, transmittedBytes: 200, receiveBytesPerSecond: undefined },
    uptimeSeconds: Number,
  });
  for (const end = performance.now() + 50; performance.now() < end; );
  const { cpu } = host.sample(0.05);
  for (const share of cpu?.cores ?? []) t.ok(share >= 0 && share <= 100);
  await host.refresh();
  t.equal(host.sample(1).network?.receiveBytesPerSecond, 0);
});

test("what the library does not tell is left out; Windows has no load", async (t) => {
  const fails = async () => {
    throw new Error("no such command");
  };
  const host = new OtherHost("win32", async () => ({ mem: fails, fsSize: fails, networkStats: fails }));
  await host.refresh();
  const { memory, disks, network, cpu } = host.sample(undefined);
  t.same([memory, disks, network?.receivedBytes, cpu?.load1m], [undefined, [], undefined, undefined]);
});

test("the library itself tells what is asked of it, on this system too", async (t) => {
  const host = await openHost("freebsd");
  t.teardown(() => host[Symbol.dispose]());
  await host.refresh();
  const { memory } = host.sample(undefined);
  t.ok((memory?.totalBytes ?? 0) > 0 && (memory?.ramPercent ?? 0) > 0);
});
