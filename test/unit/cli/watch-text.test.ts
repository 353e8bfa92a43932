// Events as lines of text, and the board that keeps them.
import { test } from "tap";
import { Board, MAX_LINES, MAX_TOPICS } from "../../../src/cli/watch-board.js";
import { onQuit } from "../../../src/cli/watch-keys.js";
import { clean, eventLine, gapLine, number, percent, snapshotLine, span } from "../../../src/cli/watch-text.js";
import { NOW_MS, snapshot, told } from "./told.js";

/** What a line says behind its time. */
const factsOf = (line: string) => line.slice(line.indexOf(" ") + 1);

test("one line an event, with what it says", async (t) => {
  const cases = [
    [
      "training.r log INFO epoch 1 of 10 (trainer)",
      "log",
      { level: "INFO", message: "epoch 1\n of 10", source: "trainer" },
    ],
    [
      "training.r metrics epoch 2  step 5  loss 0.1235  n 3  x -Infinity",
      "metrics",
      { epoch: 2, step: 5, metrics: { loss: 0.12345, n: 3, x: Number.NEGATIVE_INFINITY } },
    ],
    [
      "training.r metrics a 1  b 2  c 3  d 4  e 5  f 6  and 1 more",
      "metrics",
      { metrics: { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 } },
    ],
    [
      "training.r progress 48.2%  step 482/1000  train  eta 2 min 3 s  half",
      "progress",
      { progress: 48.2, step: 482, totalSteps: 1000, stage: "train", etaSeconds: 123, message: "half" },
    ],
    [
      "training.r status_changed running → failed: no memory",
      "status_changed",
      { status: "failed", previousStatus: "running", message: "no memory" },
    ],
    ["training.r status_changed queued", "status_changed", { status: "queued", config: { rate: 1 } }],
    ["training.r cancel_requested reason too slow", "cancel_requested", { reason: "too slow" }],
  ] as const;
  for (const [line, type, body] of cases) t.equal(factsOf(eventLine(told("training.r", type, body))), line);
  t.equal(
    factsOf(
      eventLine(
        told("task.p.t", "task_completed", {
          projectId: "p",
          taskId: "t",
          result: { rows: 5 },
          durationSeconds: 2.5,
          message: "done",
        }),
      ),
    ),
    'task.p.t task_completed result {"rows":5}  duration seconds 2.5  done',
  );
  t.equal(
    factsOf(eventLine(told("workflow.w.x", "workflow_phase_started", { phase: "load", phaseNumber: 1 }))),
    "workflow.w.x workflow_phase_started phase load  phase number 1",
  );
  t.match(
    eventLine(told("training.r", "log", { level: "INFO", message: "" })),
    /^2026-01-02T15:00:00\.\d{3}Z training\.r log INFO$/,
  );
});

test("snapshots and gaps are lines too", async (t) => {
  const state = { status: "running", epoch: 3, totalEpochs: 10, progress: 25, metrics: { loss: 0.5 } };
  t.equal(
    snapshotLine(snapshot("training.r", state)),
    "2026-01-02T15:00:00.000Z training.r snapshot running  epoch 3/10  25.0%  loss 0.5",
  );
  t.equal(snapshotLine(snapshot("training.r", { updatedAt: undefined })), "- training.r snapshot no events yet");
  t.equal(
    gapLine({ topic: "training.r", skipped: 1, reason: "retention" }),
    "- training.r gap 1 event skipped: retention",
  );
});

test("figures are as long as they mean something", async (t) => {
  t.same([0.000012345, 12345.678, 3, Number.NaN, 1e21].map(number), ["0.00001234", "12350", "3", "NaN", "1e+21"]);
  t.same([-5000, 0, 59_999, 60_000, 3_599_999, 3_600_000, 90_000_000, 200_000_000].map(span), [
    "0 s",
    "0 s",
    "59 s",
    "1 min 0 s",
    "59 min 59 s",
    "1 h 0 min",
    "25 h 0 min",
    "2 d 7 h",
  ]);
  t.same([0, 12.34, 99.996, 100].map(percent), ["0.0%", "12.3%", "99.9%", "100%"]);
  t.equal(clean("a\t\tb\u001b[31mc\u2028d"), "a b\ufffd[31mc d");
});

test("a board holds so many topics and lines; what has ended makes room", async (t) => {
  const board = new Board([">"], "http://x");
  for (let i = 0; i < MAX_TOPICS; i += 1) board.event(told(`task.p.t${i}`, "task_started"), NOW_MS);
  board.event(told("task.p.t7", "task_completed"), NOW_MS);
  board.event(told("task.p.t3", "task_completed"), NOW_MS);
  t.equal(board.isFull, false);
  const topics = () => new Set([...board.rows].map(({ topic }) => topic));
  board.event(told("task.p.new", "task_started"), NOW_MS);
  t.equal(board.size, MAX_TOPICS);
  t.equal(board.isFull, true);
  t.notOk(topics().has("task.p.t7"), "the one that ended first has gone");
  board.event(told("task.p.new2", "task_started"), NOW_MS);
  board.event(told("task.p.new3", "task_started"), NOW_MS);
  t.same([topics().has("task.p.t3"), topics().has("task.p.new2"), topics().has("task.p.new3")], [false, true, false]);
  t.equal(board.lines.length, MAX_LINES);
  t.equal(board.lines.at(-1)?.topic, "task.p.new3", "its lines are shown");
});

test("a topic that began anew has nothing of its former life", async (t) => {
  const board = new Board(["training.r"], "http://x");
  board.event(told("training.r", "status_changed", { status: "failed" }), NOW_MS);
  board.event(told("training.r", "metrics", { epoch: 4, metrics: { loss: 1 } }), NOW_MS);
  board.event(told("training.r", "status_changed", { status: "queued" }, 2), NOW_MS);
  const [row] = board.rows;
  t.match(row, { status: "queued", epoch: undefined, metrics: {}, finishedAt: undefined, generation: 2 });
});

test("the newest metrics stand first, the others stay", async (t) => {
  const board = new Board(["training.r"], "http://x");
  board.event(told("training.r", "metrics", { metrics: { loss: 1, acc: 2 } }), NOW_MS);
  board.event(told("training.r", "metrics", { metrics: { rate: 3, loss: 4 } }), NOW_MS);
  const [row] = board.rows;
  t.same(Object.entries(row?.metrics ?? {}), [
    ["rate", 3],
    ["loss", 4],
    ["acc", 2],
  ]);
});

test("q, Ctrl-C and Ctrl-D end a screen, other keys do not; the keyboard is given back", async (t) => {
  for (const [keys, quits] of [
    ["x", 0],
    ["\u001b[A", 0],
    ["q", 1],
    ["Q", 1],
    ["\u0003", 1],
    ["\u0004", 1],
    ["abq", 1],
  ] as const) {
    const calls: string[] = [];
    let type: (keys: string) => void = () => {};
    const keyboard = {
      setRawMode: (isRaw: boolean) => calls.push(`raw ${isRaw}`),
      setEncoding: () => keyboard,
      on: (event: string, listener: (keys: string) => void) => {
        if (event === "data") type = listener;
        return keyboard;
      },
      destroy: () => calls.push("destroy"),
    };
    let count = 0;
    {
      using _keys = onQuit(
        () => {
          count += 1;
        },
        keyboard as unknown as NonNullable<Parameters<typeof onQuit>[1]>,
      );
      type(keys);
    }
    t.equal(count, quits, JSON.stringify(keys));
    t.same(calls, ["raw true", "raw false", "destroy"]);
  }
});
