// What `tidewire top` shows, cell by cell.
import { test } from "tap";
import { widthOf } from "../../../src/cli/terminal.js";
import { type HostLoad, TopBoard } from "../../../src/cli/top-board.js";
import { topLines } from "../../../src/cli/top-screen.js";
import { marked, NOW_MS, plain, snapshot, told } from "../cli/told.js";

const URL = "http://127.0.0.1:8000";
const GIB = 1024 ** 3;

const LOAD: HostLoad = {
  cpu: {
    cpuUtil: 55,
    cores: [98.4, 11.6],
    count: 2,
    load1m: 2.37,
    load5m: 1.46,
    load15m: 1.14,
    temperatureCelsius: 52.4,
    frequencyMhz: 2596,
  },
  memory: { ramPercent: 84.5, usedBytes: 20 * GIB, totalBytes: 23.5 * GIB, swapUsedBytes: 0, swapTotalBytes: 0 },
  disks: [
    {
      mount: "/",
      usedPercent: 18,
      usedBytes: 16.4 * GIB,
      totalBytes: 252 * GIB,
      readBytesPerSecond: 0,
      writeBytesPerSecond: 1536,
    },
  ],
  gpus: [
    {
      index: 0,
      name: "NVIDIA H200",
      gpuUtil: 0,
      memoryUsedBytes: 2 * GIB,
      memoryTotalBytes: 141 * GIB,
      temperatureCelsius: 33,
      powerWatts: 76.4,
    },
  ],
  network: { receiveBytesPerSecond: 12_300, transmitBytesPerSecond: 0 },
  server: {
    cpuPercent: 3.2,
    rssBytes: 166 * 1024 ** 2,
    heapUsedBytes: 27 * 1024 ** 2,
    loopDelayP99Ms: 1.25,
    connections: 1,
    queuedBytes: 0,
    predictionsPerSecond: 1234.5,
    latencyP50Ms: 0.21,
    latencyP99Ms: 1.1,
  },
  uptimeSeconds: 22_848,
  hostname: "vm",
};

function boardOf(load?: HostLoad): TopBoard {
  const board = new TopBoard(URL);
  board.linked({ is: "connected", overHttp: false }, NOW_MS);
  if (load) board.event(told("system.vm", "system_stats", load), NOW_MS);
  return board;
}

const draw = (board: TopBoard, columns = 80, rows = 30, nowMs = NOW_MS, paint = plain) =>
  topLines(board, { columns, rows, nowMs }, paint);

/** The lines of a template, without its first and last line break. */
const screen = ([text = ""]: TemplateStringsArray) => text.slice(1, -1).split("\n");

test("a host, its server, sessions and what runs", async (t) => {
  const board = boardOf(LOAD);
  board.sessions = {
    total_predictions: 12_345,
    average_latency_ms: 0.2134,
    connections: [
      { session_id: "session_a", ensemble_name: "pump", predictions_count: 5 },
      {
        session_id: "session_b",
        ensemble_name: "gas_turbine",
        predictions_count: 12_340,
        mode: "single",
        connected_at: new Date(NOW_MS - 65_000).toISOString(),
      },
    ],
  };
  board.snapshot(snapshot("training.run_1", { status: "running", epoch: 4, totalEpochs: 10 }), NOW_MS);
  board.snapshot(snapshot("training.old", { status: "completed" }), NOW_MS);
  board.event(told("task.p.t", "task_queued"), NOW_MS);
  t.same(
    draw(board),
    screen`
 top http://127.0.0.1:8000                                            connected
 vm  up 6 h 20 min                                                      q quits

 CPU     ━━━━━━━─────  55.0%  2 processors  load 2.37 1.46 1.14  52 °C  2.6 GHz
          0 ━━━━━━  98%   1 ━─────  12%
 Memory  ━━━━━━━━━━──  84.5%  20.0 of 23.5 GiB
 Disk    ━━──────────  18.0%  /  16.4 of 252 GiB  read 0 B/s  write 1.50 KiB/s
 Network in 12.0 KiB/s  out 0 B/s
 GPU 0   ────────────   0.0%  2.00 of 141 GiB  33 °C  76 W  NVIDIA H200

 Server  CPU 3.2%  memory 166 MiB  heap 27.0 MiB  loop p99 1.25 ms
         1 connection  1,235 predictions/s  p50 0.21 ms  p99 1.1 ms

 Sessions 2  12,345 readings predicted  mean latency 0.213 ms
 gas_turbine          12,340 readings  open 1 min 5 s  single  session_b
 pump                 5 readings  session_a

 Runs, tasks, workflows 2 active  1 ended
 running   training.run_1 ━━━━────── 40.0%  epoch 4/10
 queued    task.p.t
`,
  );
});

test("narrow terminals lose bars first, and no line is wider than they are", async (t) => {
  const board = boardOf(LOAD);
  t.match(
    draw(board, 44).join("\n"),
    /^ Server {2}CPU 3\.2% {2}memory 166 MiB\n {9}heap 27\.0 MiB {2}loop p99 1\.25 ms$/m,
  );
  t.match(draw(board, 44).join("\n"), / Memory {3}84\.5% {2}20\.0 of 23\.5 GiB\n/);
  for (let columns = 10; columns < 140; columns += 7) {
    for (const rows of [1, 5, 24]) {
      const lines = draw(board, columns, rows);
      t.ok(lines.length <= rows && lines.every((line) => widthOf(line) <= columns), `${columns} × ${rows}`);
    }
  }
});

test("many processors are a block each, as many lines as they need", async (t) => {
  const cores = Array.from({ length: 96 }, (_, i) => (i * 100) / 95);
  const lines = draw(boardOf({ ...LOAD, cpu: { cpuUtil: 50, cores } }));
  t.equal(lines[4]?.trim().length, 70);
  t.equal(`${lines[4]?.trim()}${lines[5]?.trim()}`.replace(/(.)\1*/g, "$1"), "▁▂▃▄▅▆▇█");
});

test("what is not told is not shown, and no 0 is made of it", async (t) => {
  const bare = { cpu: { cores: [] }, memory: {}, disks: [], gpus: [{ index: 0 }], network: {} } as HostLoad;
  t.same(
    draw(boardOf(bare)).slice(1, 7),
    screen`
 system.vm                                                              q quits

 CPU     ────────────      –
 Memory  ────────────      –
 GPU 0   ────────────      –

`,
  );
});

test("figures that are old are set back, and it is said how old; so is a server that is away", async (t) => {
  const board = boardOf(LOAD);
  board.event(told("system.vm", "system_stats", LOAD), NOW_MS + 1000);
  const soon = draw(board, 80, 30, NOW_MS + 3500, marked).join("\n");
  t.match(soon, /\+━+\+/, "three seconds and a half are not old");
  board.linked({ is: "reconnecting", reason: "gone" }, NOW_MS + 2000);
  const late = draw(board, 80, 30, NOW_MS + 8000, marked);
  t.match(late[0], "!reconnecting for 6 s: gone!");
  t.match(late.join("\n"), /\?as it was 7 s ago\?/);
  t.notMatch(late.join("\n"), /\+━/, "nothing of it looks alive");
});

test("a host that samples seldom is not old between two samples", async (t) => {
  const board = boardOf(LOAD);
  board.event(told("system.vm", "system_stats", LOAD), NOW_MS + 10_000);
  t.notMatch(draw(board, 80, 30, NOW_MS + 30_000).join("\n"), "as it was");
  t.match(draw(board, 80, 30, NOW_MS + 40_000).join("\n"), "as it was 30 s ago");
});

test("other hosts are a line each, below the server's own, whoever was told of first", async (t) => {
  const board = new TopBoard(URL);
  board.event(
    told("system.gpu-2", "system_stats", {
      hostname: "gpu-2",
      cpu: { cpuUtil: 12, cores: [] },
      gpus: [{ index: 0, gpuUtil: 97 }],
    }),
    NOW_MS,
  );
  board.event(told("system.vm", "system_stats", LOAD), NOW_MS);
  const lines = draw(board);
  t.match(lines[1], /^ vm {2}up/);
  t.ok(lines.includes(" gpu-2                CPU 12.0%  GPU 0 97.0%"));
});

test("before the first sample, and names that would move the cursor", async (t) => {
  t.match(draw(boardOf())[3], "waiting for the first sample");
  t.match(draw(boardOf({ ...LOAD, hostname: "a\u001b[2Jb" }))[1], "a\ufffd[2Jb");
});
