// Training runs as tables and pages.
import type { TrainingSession } from "@tidewire/client";
import { test } from "tap";
import { runsScreen } from "../../../src/cli/runs-live.js";
import { runLines, tableLines, toRow } from "../../../src/cli/runs-text.js";
import { Board } from "../../../src/cli/watch-board.js";
import { marked, NOW_MS, plain, snapshot, told } from "./told.js";

const ago = (seconds: number) => new Date(NOW_MS - seconds * 1000);

function session(experimentId: string, said: Partial<TrainingSession> = {}): TrainingSession {
  const empty = { cancelRequested: false, generation: 3, offset: 120, metrics: {}, counts: {}, updatedAt: ago(5) };
  return { experimentId, ...empty, ...said };
}

test("a table, columns as wide as they need to be", async (t) => {
  const runs = [
    session("run_7", { status: "running", epoch: 3, totalEpochs: 10, metrics: { loss: 0.25, acc: 0.9 } }),
    session("a".repeat(50), { status: "failed", progress: 12.5, updatedAt: ago(4000) }),
    session("run_8", { status: "completed" }),
    session("run_9"),
  ].map(toRow);
  t.same(tableLines(runs, NOW_MS, plain), [
    `RUN${" ".repeat(37)}  STATUS     EPOCH   DONE    UPDATED  LAST METRICS`,
    `run_7${" ".repeat(35)}  running     3/10  30.0%        5 s  loss 0.25  acc 0.9`,
    `${"a".repeat(39)}…  failed         –  12.5%  1 h 6 min`,
    `run_8${" ".repeat(35)}  completed      –   100%        5 s`,
    `run_9${" ".repeat(35)}  –              –      –        5 s`,
  ]);
  t.match(tableLines(runs, NOW_MS, marked)[1], "+running+");
});

test("one run on a page: what is known, metrics, log", async (t) => {
  const run = session("run_7", {
    status: "running",
    epoch: 3,
    totalEpochs: 10,
    etaSeconds: 90,
    message: "fine\n\u001b[2J",
    cancelRequested: true,
    createdAt: ago(100),
    config: { lr: 0.1 },
    metrics: { loss: 0.25, "val/accuracy": Number.NaN },
    counts: { log: 1200, metrics: 3 },
  });
  const log = [
    { offset: 119, timestamp: ago(6), level: "ERROR" as const, message: "bad", source: "trainer" },
    { offset: 120, timestamp: ago(5), message: "plain" },
  ];
  t.same(runLines(run, log, NOW_MS, plain), [
    "run_7",
    "  status         running",
    "  epoch          3/10",
    "  done           30.0%",
    "  time left      1 min 30 s",
    "  message        fine \ufffd[2J",
    "  asked to stop  yes",
    "  created        2026-01-02T14:58:20.000Z  (1 min 40 s ago)",
    "  updated        2026-01-02T14:59:55.000Z  (5 s ago)",
    "  position       3-120",
    "  events         log 1,200  metrics 3",
    '  config         {"lr":0.1}',
    "",
    "metrics",
    "  loss          0.25",
    "  val/accuracy  NaN",
    "",
    "log",
    "  2026-01-02T14:59:54.000Z ERROR    bad (trainer)",
    "  2026-01-02T14:59:55.000Z INFO     plain",
  ]);
});

test("the live table has the head of every screen, and what runs on top", async (t) => {
  const board = new Board(["training.*"], "http://x");
  board.linked({ is: "connected", overHttp: false }, NOW_MS);
  const draw = (rows: number) => runsScreen(board, { columns: 60, rows, nowMs: NOW_MS + 2000 }, plain);
  t.equal(draw(10).at(-1), " no training runs yet");
  board.snapshot(snapshot("training.old", { status: "stopped" }), NOW_MS);
  board.snapshot(snapshot("training.new", { status: "running", epoch: 1, totalEpochs: 4 }), NOW_MS);
  board.event(told("training.new", "metrics", { epoch: 2, metrics: { loss: 0.5 } }), NOW_MS);
  t.same(draw(10), [
    " watch training.*  http://x                       connected",
    " 2 topics  1 running  1 stopped                     q quits",
    "",
    " RUN  STATUS   EPOCH   DONE  UPDATED  LAST METRICS",
    " new  running    2/4  50.0%      1 s  loss 0.5",
    " old  stopped      –      –      2 s",
  ]);
  for (let i = 0; i < 20; i += 1) board.snapshot(snapshot(`training.r${i}`, { status: "running" }), NOW_MS);
  t.equal(draw(10).length, 10);
  t.match(draw(10).at(-1), /^ and 17 more$/);
});
