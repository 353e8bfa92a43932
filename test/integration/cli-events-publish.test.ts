// `tidewire publish` and `tidewire runs` as people and scripts run them, and what all commands of events refuse.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "tap";
import { PACKAGE_ROOT } from "../../src/config/index.js";
import { begin, commandLine, commandsOf, log, publish, start } from "./support/commands.js";

// ---- publish ----

test("publish adds an event and prints its position, which watch --since takes", async (t) => {
  const { rest, done, tidewire } = await start(t);
  const { status, output } = await done(
    "publish",
    "training.r",
    "log",
    '{"level":"INFO","message":"x"}',
    "--field",
    "source=42",
  );
  t.equal(status, undefined);
  t.match(output, /^training\.r \d+-3\n$/);
  const key = ["--key", "once", "--json"];
  const words = ["publish", "training.r", "metrics", "--field", "metrics.val/loss=0.5", "--field", "epoch=2", ...key];
  const first = await done(...words, "--timestamp", "2025-12-15T10:30:00+01:00");
  t.match(JSON.parse(first.output), { topic: "training.r", offset: 4 });
  t.equal((await done(...words)).output, first.output, "the same key adds nothing");
  const { entries } = (await rest("GET", "/topics/training.r/events?after=2")).body;
  t.match(entries, [
    { type: "log", data: { level: "INFO", message: "x", source: "42" } },
    { type: "metrics", timestamp: "2025-12-15T09:30:00Z", data: { epoch: 2, metrics: { "val/loss": 0.5 } } },
  ]);
  t.equal(entries?.length, 2);
  const watched = tidewire(["watch", "training.r", "--since", output.trim().split(" ")[1] ?? ""]);
  await watched.stdout.until("metrics");
});

test("what publish refuses, it explains", async (t) => {
  const { rest, done } = await start(t);
  await publish(rest, "task.p.t", "task_started");
  await publish(rest, "task.p.t", "task_completed");
  const log = ["log", "--field", "level=INFO", "--field", "message=x"];
  for (const [words, status, message] of [
    [
      ["training.q", ...log],
      1,
      /SESSION_NOT_FOUND: .*\nbegin it: tidewire publish training\.q status_changed --field status=running/,
    ],
    [
      ["task.p.t", "task_started"],
      1,
      /INVALID_TRANSITION: .*completed.*\nsee where it stands: tidewire watch task\.p\.t/,
    ],
    [["task.p.t", ...log], 1, /INVALID_MESSAGE: task\.p\.t takes no log: .*\nsee the types/],
    [["task..t", "task_started"], 1, /INVALID_TOPIC: .*\ntopics: training\.<id>, /],
    [["nothing.t", "task_started"], 1, /INVALID_TOPIC: .*of no family/],
    [
      ["training.r", "log", "--field", "level=LOUD", "--field", "message=x"],
      1,
      /INVALID_MESSAGE: data\.level: expected one of "DEBUG".*came "LOUD"/,
    ],
    [["training.r", "log"], 1, /INVALID_MESSAGE: data\.level/],
    [["training.r", "cancel_requested", "--timestamp", "noon"], 1, /timestamp: expected a timestamp/],
    [["training.r"], 1, /give a topic and a type/],
    [["training.r", "log", "{}", "--stdin"], 1, /with --stdin the data comes from the lines/],
    [["training.r", "lug"], 2, /no events of type "lug"; there are log, /],
    [["training.r", "log", "{"], 2, /It is no JSON: .*Quote it/],
    [["training.r", "log", "[1]"], 2, /It takes a JSON object/],
    [["training.r", "log", "--field", "level"], 2, /"level" is no field; write it as level=INFO/],
    [["training.r", "log", "--stdin", "--field", "a=1"], 2, /cannot be used with/],
  ] as const) {
    const result = await done("publish", ...words);
    t.equal(result.status, status, words.join(" "));
    t.match(result.errors, message);
    t.notMatch(result.errors, /^ {4}at /m, "no stack");
    t.equal(result.output, "");
  }
});

/** The command line in a process of its own, for its standard input. */
async function piped(words: readonly string[], input: string) {
  const args = ["--import=./tools/typescript.mjs", "src/main.ts", ...words];
  const child = spawn(process.execPath, args, { cwd: PACKAGE_ROOT, env: { PATH: process.env.PATH }, stdio: "pipe" });
  child.stdin.end(input);
  const [[status], output, errors] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  return { status, output, errors };
}

test("publish --stdin streams ten thousand lines, in order, and the same file again adds nothing", async (t) => {
  const { url, rest } = await start(t);
  const count = 10_000;
  const lineOf = (i: number) => `${JSON.stringify({ type: "log", data: { level: "INFO", message: `line ${i}` } })}\n`;
  const input = Array.from({ length: count }, (_, i) => lineOf(i)).join("");
  const words = ["publish", "training.r", "--stdin", "--key", "import", "--url", url];
  const first = await piped([...words, "--json"], input);
  t.match(first, { status: 0, errors: /^10,000 events published in .*\/s\n$/ });
  const positions = first.output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  t.same(
    positions.map(({ line }) => line),
    positions.map((_, i) => i + 1),
  );
  t.same(
    positions.map(({ offset }) => offset),
    positions.map((_, i) => i + 3),
  );
  t.match(await piped(words, input), { status: 0, output: "" });
  t.match((await rest("GET", "/topics/training.r")).body, { offset: count + 2, state: { counts: { log: count } } });
  const { entries } = (await rest("GET", `/topics/training.r/events?after=${count}&limit=10`)).body;
  t.match(entries, [{ data: { message: `line ${count - 2}` } }, { data: { message: `line ${count - 1}` } }]);
});

test("publish --stdin takes topics and types of the lines, and goes on after a line that is refused", async (t) => {
  const { url, rest } = await start(t);
  const input = [
    '{"topic":"task.p.t","type":"task_queued","timestamp":"2025-12-15T10:30:00Z","idempotency_key":"k"}',
    "nonsense",
    "",
    '{"data":{"level":"ERROR","message":"of the command line"}}',
    '{"topic":"task.p.none","type":"task_completed"}',
    '{"topic":"task.p.t","type":"task_started"}',
  ].join("\n");
  const { status, output, errors } = await piped(["publish", "training.r", "log", "--stdin", "--url", url], input);
  t.equal(status, 1);
  t.equal(output, "");
  t.match(errors, /^line 2: INVALID_JSON: no JSON: /);
  t.match(errors, /^line 5: INVALID_TRANSITION: .*tidewire watch task\.p\.none$/m);
  t.match(errors, /\n3 events published in .*, 2 refused\ntidewire: 2 of 5 lines were refused\n$/);
  t.match((await rest("GET", "/topics/task.p.t")).body, {
    state: { status: "running", created_at: "2025-12-15T10:30:00Z" },
  });
  t.match((await rest("GET", "/topics/training.r")).body, { state: { last_log: { message: "of the command line" } } });
});

// ---- runs ----

test("runs lists training runs, the newest first, and looks at one", async (t) => {
  const { rest, done } = await start(t);
  await begin(rest, "old");
  await rest("POST", "/training/logs/old/log", { level: "INFO", message: "x", timestamp: "2020-01-01T00:00:00Z" });
  await rest("POST", "/training/logs/r/metrics", { epoch: 4, metrics: { loss: 0.25, acc: "NaN" } });
  for (let i = 0; i < 400; i += 1) await rest("POST", "/training/logs/r/metrics", { metrics: { loss: i } });
  await log(rest, ...Array.from({ length: 30 }, (_, i) => `line ${i}`));
  for (let i = 0; i < 4; i += 1)
    await rest(
      "POST",
      "/training/logs/r/metrics",
      Array.from({ length: 200 }, () => ({ metrics: { loss: 0.25 } })),
    );
  await rest("POST", "/training/logs/r/metrics", { metrics: { loss: 0.25 } });
  const { output } = await done("runs");
  const [head, first, second, ...none] = output.trimEnd().split("\n");
  t.match(head, /^RUN +STATUS +EPOCH +DONE +UPDATED +LAST METRICS$/);
  t.match(first, /^r +running +4\/10 +40\.0% +\d+ s +loss 0\.25 {2}acc NaN$/);
  t.match(second, /^old +running +– +– +\d+ d \d+ h$/);
  t.same(none, []);
  t.match((await done("runs", "--limit", "1")).output, /\nr +running.*\nand 1 more, updated before/);
  const listed = (await done("runs", "--json")).output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  t.same(listed, [
    (await rest("GET", "/training/logs/r/info")).body,
    (await rest("GET", "/training/logs/old/info")).body,
  ]);
  t.same(JSON.parse((await done("runs", "r", "--json")).output), listed[0]);
  const page = (await done("runs", "r")).output;
  t.match(page, /^r\n {2}status +running\n {2}epoch +4\/10\n {2}done +40\.0%\n/);
  t.match(page, /\nmetrics\n {2}loss +0\.25\n {2}acc +NaN\n/);
  const lines = page.split("\nlog\n")[1]?.trimEnd().split("\n");
  t.equal(lines?.length, 20, "the last ones, behind hundreds of other events");
  t.match(lines?.[0], /INFO +line 10$/);
  t.match(lines?.at(-1), /INFO +line 29$/);
});

test("runs --watch keeps the table up to date", async (t) => {
  const { rest, tidewire } = await start(t);
  const { stdout, interrupt, status } = tidewire(["runs", "--watch"], { TERM: "xterm" }, true);
  await stdout.until("LAST METRICS");
  await rest("POST", "/training/logs/r/metrics", { epoch: 5, metrics: { loss: 0.125 } });
  await stdout.until("50.0%");
  t.match(stdout.text, "loss 0.125");
  await begin(rest, "later");
  await stdout.until("later");
  await interrupt();
  t.equal(await status, undefined);
  const piped = tidewire(["runs", "--watch"]);
  await piped.stdout.until("training.later snapshot");
});

test("runs <id> --follow watches it, --cancel asks it to stop", async (t) => {
  const { rest, tidewire, done } = await start(t);
  const { stdout, status } = tidewire(["runs", "r", "--follow", "--json"]);
  await stdout.until("snapshot");
  t.match(await done("runs", "r", "--cancel", "too slow"), {
    status: undefined,
    output: /^training\.r has been asked to stop/,
  });
  await stdout.until("cancel_requested");
  t.match(stdout.json.at(-1), { type: "cancel_requested", topic: "training.r", data: { reason: "too slow" } });
  await rest("PUT", "/training/logs/r/status", { status: "stopped" });
  t.equal(await status, undefined);
  t.match(await done("runs", "r", "--cancel"), { status: 1, errors: /TASK_FINISHED/ });
});

// ---- all of them ----

test("a wrong command line is refused with what is right", async (t) => {
  const { done } = await start(t);
  for (const [words, status, message] of [
    [["watch"], 2, /missing required argument 'pattern'/],
    [["watch", "a(b*"], 2, /"a\(b\*" is no topic and no pattern/],
    [["watch", "training..r"], 1, /INVALID_TOPIC: .*\ntopics: /],
    [["watch", "training.r", "--types", "log,lgo"], 2, /no events of type "lgo"; there are log, /],
    [["watch", "training.r", "--level", "loud"], 2, /It takes one of DEBUG, INFO, WARNING, ERROR, CRITICAL/],
    [["watch", "training.r", "--since", "3"], 2, /<generation>-<offset>: 3-120/],
    [["watch", "training.r", "--since", "3-1", "--from-start"], 2, /cannot be used with/],
    [["watch", "training.*", "--since", "3-1"], 1, /--since goes with one topic/],
    [["watch", "training.*", "--exit"], 1, /--exit waits for one topic/],
    [["runs", "none"], 1, /SESSION_NOT_FOUND: .*"none".*\nsee what there is: tidewire runs/],
    [["runs", "none", "--follow"], 1, /SESSION_NOT_FOUND/],
    [["runs", "none", "--cancel"], 1, /TASK_NOT_FOUND: .*\nthere is no run "none"/],
    [["runs", "--follow"], 1, /name the run/],
    [["runs", "r", "--watch"], 1, /tidewire runs r --follow/],
    [["runs", "--watch", "--json"], 2, /cannot be used with/],
    [["runs", "--limit", "0"], 2, /1 to 1000/],
  ] as const) {
    const result = await done(...words);
    t.equal(result.status, status, words.join(" "));
    t.match(result.errors, message);
    t.notMatch(result.errors, /^ {4}at /m, "no stack");
    t.equal(result.output, "");
  }
});

test("where no server answers, they say how to have one", async (t) => {
  for (const words of [
    ["watch", "training.*"],
    ["publish", "task.p.t", "task_queued"],
    ["runs"],
    ["runs", "r", "--cancel"],
  ]) {
    const absent = commandsOf(t, "http://127.0.0.1:1");
    const { status, errors } = await absent.done(...words);
    t.equal(status, 1, words.join(" "));
    t.match(
      errors,
      "tidewire: no server answers at http://127.0.0.1:1: start one with tidewire serve or tidewire demo\n",
    );
    const { errors: wrong } = await commandsOf(t, "127.0.0.1:8000").done(...words);
    t.match(wrong, "--url takes a URL such as http://127.0.0.1:8000");
  }
});

test("help teaches", async (t) => {
  for (const command of ["watch", "publish", "runs"]) {
    const { status, stdout } = commandLine(t, ["help", command], {}, false);
    t.equal(await status, 0);
    t.match(stdout.text, new RegExp(`Examples:\\n  \\$ tidewire ${command} `));
    t.ok(
      stdout.lines.every((line) => line.length <= 120),
      "no line is too long for a terminal",
    );
  }
});
