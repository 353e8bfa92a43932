// What a watcher's screen shows, cell by cell.
import { test } from "tap";
import { widthOf } from "../../../src/cli/terminal.js";
import { Board } from "../../../src/cli/watch-board.js";
import { screenLines } from "../../../src/cli/watch-screen.js";
import { marked, NOW_MS, plain, snapshot, told } from "./told.js";

process.env.TZ = "UTC";

const URL = "http://127.0.0.1:8000";

function boardOf(...patterns: string[]): Board {
  const board = new Board(patterns, URL);
  board.linked({ is: "connected", overHttp: false }, NOW_MS);
  return board;
}

const draw = (board: Board, columns = 80, rows = 12, nowMs = NOW_MS, paint = plain) =>
  screenLines(board, { columns, rows, nowMs }, paint);

/** The lines of a template, without its first and last line break. */
const screen = ([text = ""]: TemplateStringsArray) => text.slice(1, -1).split("\n");

test("before anything has come", async (t) => {
  const board = new Board(["training.*"], URL);
  t.same(
    draw(board, 60, 5),
    screen`
 watch training.*  http://127.0.0.1:8000         connecting
 0 topics                                           q quits


`,
  );
  board.linked({ is: "connected", overHttp: false }, NOW_MS);
  t.equal(draw(board, 60, 5).at(-1), " nothing yet: waiting for events");
});

test("what runs is on top, what has ended below; bars, figures, lines", async (t) => {
  const board = boardOf(">");
  const ended = (secondsAgo: number) => new Date(NOW_MS - secondsAgo * 1000);
  board.snapshot(snapshot("training.old", { status: "completed", finishedAt: ended(9) }), NOW_MS);
  board.snapshot(snapshot("training.bad", { status: "failed", error: "no memory", finishedAt: ended(5) }), NOW_MS);
  board.snapshot(snapshot("training.next", { status: "queued" }), NOW_MS);
  const metrics = { loss: 0.123456, acc: Number.NaN };
  board.snapshot(snapshot("training.b", { status: "running", epoch: 3, totalEpochs: 10, metrics }), NOW_MS);
  board.event(told("task.p.a", "task_started", { totalSteps: 8 }), NOW_MS);
  board.event(told("task.p.a", "step_progress", { progress: 50, step: 4, etaSeconds: 90, stage: "cut" }), NOW_MS);
  board.event(told("training.b", "log", { level: "WARNING", message: "slow" }), NOW_MS);
  t.same(
    draw(board, 90, 12, NOW_MS + 15_000),
    screen`
 watch >  http://127.0.0.1:8000                                                 connected
 5 topics  2 running  1 queued  1 failed  1 completed                             q quits

 running   task.p.a      ━━━━━───── 50.0%  step 4/8  eta 1 min 15 s  cut
 running   training.b    ━━━─────── 30.0%  epoch 3/10  loss 0.1235  acc NaN
 queued    training.next
 failed    training.bad                    no memory
 completed training.old  ━━━━━━━━━━  100%
 ────────────────────────────────────────────────────────────────────────────────────────
 15:00:00 event    task.p.a task_started total steps 8
 15:00:00 WARNING  training.b slow
`,
  );
});

test("what has ended fades, its status does not; statuses and levels have colours", async (t) => {
  const board = boardOf("training.r");
  board.snapshot(snapshot("training.r", { status: "running", progress: 50 }), NOW_MS);
  board.event(told("training.r", "log", { level: "CRITICAL", message: "help" }), NOW_MS);
  t.same(
    draw(board, 40, 8, NOW_MS, marked).slice(3),
    screen`
 +running  + training.r 50.0%
 ~──────────────────────────────────────~
 ~15:00:00~ *!CRITICAL!* help
`,
  );
  board.event(told("training.r", "status_changed", { status: "failed", previousStatus: "running" }), NOW_MS);
  t.match(draw(board, 40, 8, NOW_MS, marked)[3], " !failed   ! ~training.r~ ~50.0%  ~");
});

test("more topics than lines: the first ones, and how many more; lines keep a part of the screen", async (t) => {
  const board = boardOf("training.*");
  for (let i = 10; i < 40; i += 1) board.snapshot(snapshot(`training.r${i}`, { status: "running" }), NOW_MS);
  t.same(
    draw(board, 50, 8).slice(3),
    screen`
 running   training.r10
 running   training.r11
 running   training.r12
 running   training.r13
 and 26 more
`,
  );
  for (let i = 0; i < 30; i += 1)
    board.event(told("training.r10", "log", { level: "INFO", message: `line ${i}` }), NOW_MS);
  t.same(
    draw(board, 50, 13).slice(3),
    screen`
 running   training.r10
 running   training.r11
 running   training.r12
 running   training.r13
 running   training.r14
 and 25 more
 ────────────────────────────────────────────────
 15:00:00 INFO     training.r10 line 27
 15:00:00 INFO     training.r10 line 28
 15:00:00 INFO     training.r10 line 29
`,
  );
});

test("every size is kept to, the smallest too", async (t) => {
  const board = boardOf("training.*", "task.*.*");
  const long = { status: "running", progress: 12.5, message: "x".repeat(500), stage: "y".repeat(500) };
  for (let i = 0; i < 50; i += 1) board.snapshot(snapshot(`training.${"r".repeat(i + 1)}`, long), NOW_MS);
  board.event(told("training.r", "log", { level: "INFO", message: "z".repeat(60_000) }), NOW_MS);
  for (const [columns, rows] of [
    [200, 60],
    [80, 24],
    [40, 10],
    [20, 4],
    [5, 2],
    [1, 1],
  ] as const) {
    const lines = draw(board, columns, rows);
    t.ok(lines.length <= rows, `${columns}×${rows}: ${lines.length} lines`);
    // Lines are cut at the edge where they are drawn; the head is laid out to fit.
    if (columns > 20) t.ok(widthOf(lines[0] ?? "") <= columns, `${columns}×${rows}: the head fits`);
  }
});

test("the connection is told as it is", async (t) => {
  const board = boardOf("training.*");
  const head = (nowMs: number) => draw(board, 110, 5, nowMs, marked).slice(0, 2).join("\n");
  t.match(head(NOW_MS), "+connected+");
  board.linked({ is: "reconnecting", reason: "the connection was lost: code 1006" }, NOW_MS);
  board.linked({ is: "reconnecting", reason: "cannot connect" }, NOW_MS + 3000);
  t.match(head(NOW_MS + 7000), "!reconnecting for 7 s: cannot connect!", "since the first attempt");
  board.linked({ is: "connected", overHttp: true }, NOW_MS + 8000);
  t.match(head(NOW_MS + 8000), "+connected over HTTP+");
  board.linked({ is: "resumed" }, NOW_MS + 9000);
  t.match(head(NOW_MS + 9000), "+resumed, nothing missed+");
  t.match(head(NOW_MS + 20_000), "+connected+", "after a while it is old news");
  board.gap({ topic: "training.r", skipped: 12, reason: "slow_consumer" }, NOW_MS);
  board.gap({ topic: "training.*", skipped: 0, reason: "position_lost" }, NOW_MS);
  t.match(head(NOW_MS), "?2 gaps, 12 events skipped?");
  const lines = draw(board, 110, 9).join("\n");
  t.match(lines, "gap      training.r 12 events skipped: slow_consumer");
  t.match(lines, "gap      training.* what happened meanwhile is not known: the position is lost");
});

test("a host's load, a container's exit code, a request to stop, a topic without events", async (t) => {
  const board = boardOf(">");
  const stats = { cpu: { cpuUtil: 12.34 }, memory: { ramPercent: 50 }, gpus: [{ index: 0, gpuUtil: 99 }] };
  board.event(told("system.host", "system_stats", stats), NOW_MS);
  board.event(told("container.p.c", "container_stopped", { exitCode: 137 }), NOW_MS);
  board.snapshot(snapshot("task.p.t", { status: "running", cancelRequested: true }), NOW_MS);
  board.snapshot(snapshot("trainign.r", { updatedAt: undefined }), NOW_MS);
  t.same(
    draw(board, 60, 9).slice(3, 7),
    screen`
 running   task.p.t             asked to stop
           system.host          CPU 12.3%  memory 50.0%  GPU 0 99.0%
           trainign.r           no events yet
 stopped   container.p.c        exit code 137
`,
  );
});

test("what a publisher writes cannot steer the terminal", async (t) => {
  const board = boardOf("training.r");
  const evil = "\u001b[2J\u001b]0;title\u0007a\r\nb\u009b31m\u202ec\u0000";
  board.snapshot(
    snapshot("training.r", { status: "running", message: evil, stage: evil, metrics: { [evil]: 1 } }),
    NOW_MS,
  );
  board.event(told("training.r", "log", { level: "INFO", message: evil, source: evil }), NOW_MS);
  board.event(told("training.r", "status_changed", { status: "failed", message: evil }), NOW_MS);
  board.linked({ is: "reconnecting", reason: evil }, NOW_MS);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
  t.notMatch(draw(board, 2000, 20).join(""), /[\u0000-\u001f\u007f-\u009f\u202e]/);
});
