// Whole hosts: what the samplers make of recorded files, and of the same files a second later.
import { test } from "tap";
import { LinuxHost } from "../../../src/stats/linux-host.js";
import { Tree } from "./trees.js";

const GIB = 1024 ** 3;

test("a virtual machine is told as it was recorded; what needs two samples is absent from the first", async (t) => {
  const tree = new Tree(t, "virtual-machine");
  const host = await tree.open(t);
  const { cpu, memory, disks, network, uptimeSeconds } = host.sample(undefined);
  const kib = (name: string) => 1024 * Number(new RegExp(`${name}: +(\\d+)`).exec(tree.read("proc/meminfo"))?.[1]);
  t.match(cpu, { cpuUtil: undefined, cores: [], count: 2, frequencyMhz: 2596.12, temperatureCelsius: undefined });
  t.same([cpu?.load1m, cpu?.load5m, cpu?.load15m], tree.read("proc/loadavg").split(" ").slice(0, 3).map(Number));
  t.equal(memory?.totalBytes, kib("MemTotal"));
  t.equal(memory?.availableBytes, kib("MemAvailable"));
  t.equal(memory?.ramPercent, Math.round(1e4 * (1 - kib("MemAvailable") / kib("MemTotal"))) / 100);
  t.match(memory, { swapTotalBytes: 0, swapUsedBytes: 0, swapPercent: undefined }, "no swap is no share of it");
  t.same(
    disks.map(({ mount, device, usedPercent }) => ({ mount, device, usedPercent })),
    [{ mount: "/", device: "/dev/vda", usedPercent: 40 }],
  );
  t.match(disks[0], { readBytesPerSecond: undefined, writeBytesPerSecond: undefined });
  t.match(network, { receiveBytesPerSecond: undefined, receivedBytes: Number, transmittedBytes: Number });
  t.equal(uptimeSeconds, Number(tree.read("proc/uptime").split(" ")[0]));
});

test("the next sample has rates and shares; counters that stand still give 0, not nothing", async (t) => {
  const tree = new Tree(t, "workstation");
  const host = await tree.open(t);
  host.sample(undefined);
  const still = host.sample(1);
  t.match(still.network, { receiveBytesPerSecond: 0, transmitBytesPerSecond: 0 });
  t.match(still.disks, [
    { mount: "/", readBytesPerSecond: 0, writeBytesPerSecond: 0 },
    { mount: "/home", readBytesPerSecond: 0 },
  ]);
  t.equal(still.cpu?.cpuUtil, undefined, "no tick has passed, so nothing is known of them");
  tree.write(
    "proc/stat",
    "cpu  1075 0 500 8100 125 0 50 0 200 0\ncpu0 575 0 250 4000 75 0 25 0 0 0\ncpu1 500 0 250 4100 50 0 25 0 0 0\n",
  );
  tree.replace("proc/net/dev", "enp3s0:1000000", "enp3s0:1002000");
  tree.replace("proc/net/dev", "0 4000 40", "0 4600 46");
  tree.replace("proc/diskstats", "sda1 1 0 900 1 1 0 1800", "sda1 1 0 902 1 1 0 1804");
  const { cpu, network, disks } = host.sample(2);
  t.same(cpu?.cores, [75, 0], "waiting for a disk is no work");
  t.match(network, { receiveBytesPerSecond: 1000, transmitBytesPerSecond: 300 });
  t.match(disks[0], { readBytesPerSecond: 512, writeBytesPerSecond: 1024 });
});

test("a container sees its own limits, not the host's", async (t) => {
  const tree = new Tree(t, "container");
  const host = await tree.open(t);
  const first = host.sample(undefined);
  t.equal(first.cpu?.count, 1.5, "the quota");
  t.match(
    first.memory,
    { totalBytes: 2 * GIB, usedBytes: GIB, availableBytes: GIB, ramPercent: 50 },
    "without idle file cache",
  );
  t.match(first.memory, { swapTotalBytes: GIB, swapUsedBytes: GIB / 4, swapPercent: 25 });
  tree.replace("sys/fs/cgroup/cpu.stat", "50000000", "50750000");
  tree.replace("proc/stat", "cpu4 587990", "cpu4 687990");
  tree.replace("proc/stat", "cpu1 588201 640 148700 16014822", "cpu1 588251 640 148700 16014872");
  const { cpu } = host.sample(1);
  t.equal(cpu?.cpuUtil, 50, "0.75 s of 1.5");
  t.same(cpu?.cores, [50], "of the four it may use, the one that has ticked; not the host's busy fifth");
});

test("a quota that goes gives the host's share of the allowed processors; one that comes is kept", async (t) => {
  const tree = new Tree(t, "container");
  tree.write("sys/fs/cgroup/cpu.max", "max 100000\n");
  const host = await tree.open(t);
  t.equal(host.sample(undefined).cpu?.count, 4, "the cpuset");
  tree.replace("proc/stat", "cpu1 588201 640 148700 16014822", "cpu1 588301 640 148700 16015122");
  tree.replace("proc/stat", "cpu4 587990", "cpu4 687990");
  t.equal(host.sample(1).cpu?.cpuUtil, 25, "of the four alone");
  tree.write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  await host.refresh();
  t.match(host.sample(1).cpu, { count: 0.5, cpuUtil: undefined }, "its use needs two samples too");
  tree.replace("sys/fs/cgroup/cpu.stat", "50000000", "50100000");
  t.equal(host.sample(1).cpu?.cpuUtil, 20);
});

test("limits may stand above the process' own cgroup, and the tightest counts", async (t) => {
  const tree = new Tree(t, "workstation");
  const host = await tree.open(t);
  t.equal(host.sample(undefined).cpu?.count, 2, "four are allowed, two are there");
  tree.write("sys/fs/cgroup/system.slice/cpu.max", "25000 100000\n");
  tree.write("sys/fs/cgroup/system.slice/tidewire.service/memory.max", String(4 * GIB));
  tree.write("sys/fs/cgroup/system.slice/tidewire.service/memory.current", String(GIB));
  tree.write("sys/fs/cgroup/system.slice/memory.max", String(8 * GIB));
  await host.refresh();
  const { cpu, memory } = host.sample(1);
  t.equal(cpu?.count, 0.25);
  t.match(memory, { totalBytes: 4 * GIB, ramPercent: 25 });
  tree.write("sys/fs/cgroup/system.slice/tidewire.service/memory.max", String(64 * GIB));
  tree.write("sys/fs/cgroup/system.slice/memory.max", "max\n");
  await host.refresh();
  t.match(
    host.sample(1).memory,
    { totalBytes: 16 * GIB, ramPercent: 50 },
    "a limit above what there is limits nothing",
  );
});

test("disks are those that fill up: no image, no layer, no file, each once; a name with a space is one name", async (t) => {
  const workstation = await new Tree(t, "workstation").open(t);
  t.same(
    workstation.sample(undefined).disks.map(({ mount }) => mount),
    ["/", "/home"],
  );
  const container = await new Tree(t, "container").open(t);
  t.same(
    container.sample(undefined).disks.map(({ mount, device }) => [mount, device]),
    [
      ["/", "overlay"],
      ["/data/my models", "/dev/nvme0n1p1"],
      ["/mnt/nas", "nas:/export"],
    ],
  );
});

test("a network that does not answer holds up neither the sample nor the other disks", async (t) => {
  const tree = new Tree(t, "container");
  tree.silent.add("/mnt/nas");
  const host = await tree.open(t);
  await host.refresh();
  t.same(
    host.sample(undefined).disks.map(({ mount }) => mount),
    ["/", "/data/my models"],
  );
});

test("a disk that does not answer holds up neither sensors nor limits; what it held is still told", async (t) => {
  const tree = new Tree(t, "workstation");
  const host = await tree.open(t);
  tree.silent.add("/home");
  const asked = new Promise<void>((resolve) => {
    tree.asked = resolve;
  });
  let isDone = false;
  void host.refresh().then(() => {
    isDone = true;
  });
  await asked;
  tree.write("sys/class/hwmon/hwmon1/temp1_input", "95000\n");
  tree.write("sys/fs/cgroup/system.slice/cpu.max", "25000 100000\n");
  await host.refresh(); // may be the first one's reading, begun before
  await host.refresh();
  const { cpu, disks } = host.sample(undefined);
  t.match(cpu, { temperatureCelsius: 95, count: 0.25 });
  t.match(disks, [{ mount: "/" }, { mount: "/home", usedPercent: 75 }]);
  t.notOk(isDone, "it has not answered meanwhile");
});

test("a disk that comes has figures at once and rates with the next sample; one that goes is gone", async (t) => {
  const tree = new Tree(t, "workstation");
  const host = await tree.open(t);
  host.sample(undefined);
  tree.replace("proc/self/mountinfo", /$/, "80 25 8:33 / /mnt/nas rw - ext4 /dev/sdc1 rw\n");
  tree.replace("proc/diskstats", /$/, "   8      33 sdc1 1 0 10 1 1 0 20 1 0 1 1\n");
  await host.refresh();
  const [, , added] = host.sample(1).disks;
  t.match(added, { mount: "/mnt/nas", usedPercent: 99, readBytesPerSecond: undefined });
  tree.replace("proc/diskstats", "sdc1 1 0 10", "sdc1 1 0 11");
  t.equal(host.sample(1).disks[2]?.readBytesPerSecond, 512);
  tree.replace("proc/self/mountinfo", /^80 .*\n/m, "");
  await host.refresh();
  t.equal(host.sample(1).disks.length, 2);
});

test("interfaces: bytes are counted once; one that comes or goes gives no leap", async (t) => {
  const tree = new Tree(t, "workstation");
  const host = await tree.open(t);
  t.match(
    host.sample(undefined).network,
    { receivedBytes: 1_003_000, transmittedBytes: 2_004_000 },
    "no bridge, no pair",
  );
  tree.replace("proc/net/dev", / *wlp4s0.*\n/, "");
  tree.replace("proc/net/dev", "enp3s0:1000000", "enp3s0:1000100");
  t.equal(host.sample(1).network?.receiveBytesPerSecond, 100, "one has gone");
  tree.write("sys/class/net/enp9s0/device/vendor", "0x8086\n");
  tree.replace("proc/net/dev", /$/, "enp9s0: 999999999 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n");
  t.equal(host.sample(1).network?.receiveBytesPerSecond, 0, "one has come, with what it received before");
  const container = new Tree(t, "container");
  const inside = await container.open(t);
  t.equal(inside.sample(undefined).network?.receivedBytes, 4_112_233, "a container has only its end of a pair");
});

test("counters that go back, by a wrap or a reset, give nothing once, and then the truth", async (t) => {
  const tree = new Tree(t, "workstation");
  const host = await tree.open(t);
  host.sample(undefined);
  tree.replace("proc/net/dev", "enp3s0:1000000", "enp3s0:5");
  tree.replace("proc/net/dev", " 3000 30", " 7 1");
  tree.replace("proc/diskstats", "sda1 1 0 900", "sda1 1 0 3");
  tree.replace("proc/stat", "cpu0 500 0 250 4000", "cpu0 500 0 250 3900");
  const { network, disks, cpu } = host.sample(1);
  t.match(network, { receiveBytesPerSecond: undefined, transmitBytesPerSecond: 0 });
  t.match(disks[0], { readBytesPerSecond: undefined, writeBytesPerSecond: 0 });
  t.same(cpu?.cores, []);
  tree.replace("proc/net/dev", "enp3s0:5", "enp3s0:15");
  t.equal(host.sample(1).network?.receiveBytesPerSecond, 10);
});

test("a processor that is switched off and on is left out until it has two readings", async (t) => {
  const tree = new Tree(t, "workstation");
  const host = await tree.open(t);
  host.sample(undefined);
  tree.write("proc/stat", "cpu  1100 0 500 8100 100 0 50 0\ncpu0 600 0 250 4100 50 0 25 0\n");
  t.match(host.sample(1).cpu, { cpuUtil: 50, cores: [50], count: 1 });
  tree.write("proc/stat", "cpu  1200 0 500 8200 100 0 50 0\ncpu0 700 0 250 4200 50 0 25 0\ncpu1 1 0 1 1 1 0 1 0\n");
  t.match(host.sample(1).cpu, { cpuUtil: 50, cores: [50], count: 2 });
});

test("sensors: the hottest of the processors' own, and the mean clock", async (t) => {
  const tree = new Tree(t, "workstation");
  const host = await tree.open(t);
  t.match(host.sample(undefined).cpu, { temperatureCelsius: 52, frequencyMhz: 3000 }, "not the disk's, not a limit");
  tree.remove("sys/class/hwmon");
  tree.remove("sys/devices");
  await host.refresh();
  t.match(host.sample(1).cpu, { temperatureCelsius: 51, frequencyMhz: 800 }, "the zone, and what /proc/cpuinfo says");
  tree.write("sys/class/thermal/thermal_zone0/temp", "-2147483\n");
  await host.refresh();
  t.equal(host.sample(1).cpu?.temperatureCelsius, undefined, "a broken sensor says nothing");
});

test("where nothing can be read, nothing is told, and nothing throws; what comes later is found", async (t) => {
  const root = t.testdir({});
  const host = new LinuxHost(root);
  await host.refresh();
  const nothing = { cpu: { cores: [] }, memory: {}, disks: [], network: {} };
  for (let i = 0; i < 3; i += 1) t.same(JSON.parse(JSON.stringify(host.sample(i === 0 ? undefined : 1))), nothing);
  const tree = new Tree(t, "virtual-machine");
  for (let i = 0; i < 20; i += 1) host.sample(1);
  t.ok(host.sample(1).memory?.totalBytes, "the folder is the same, and has files now");
  host[Symbol.dispose]();
  tree.remove("proc");
});

test("resting lets go of the files; the next sample opens them again", async (t) => {
  const host = await new Tree(t, "virtual-machine").open(t);
  host.sample(undefined);
  host.rest();
  t.ok(host.sample(1).memory?.totalBytes);
});
