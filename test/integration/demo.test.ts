// `tidewire demo` and `tidewire predict` as people and scripts run them: real server, real socket, real rows.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { type Test, test } from "tap";
import { backUp } from "../../src/backup/backup.js";
import { restore } from "../../src/backup/restore.js";
import type { CommandContext, ShutdownOptions } from "../../src/cli/context.js";
import { run } from "../../src/cli/program.js";
import { fit, widthOf } from "../../src/cli/terminal.js";
import { PACKAGE_ROOT } from "../../src/config/index.js";
import { examine } from "../../src/doctor/examine.js";
import { createServer } from "../../src/server.js";

const READING = ["AT=23.5", "AP=1013.2", "AH=77.1", "AFDP=3.9", "GTEP=25.5"];
const TURBINE = join(PACKAGE_ROOT, "models/gas_turbine");
const ESC = "\u001b[";
const LINE_START = new RegExp(`${ESC.replace("[", "\\[")}\\d+;1H`);
const COLOUR = new RegExp(`${ESC.replace("[", "\\[")}[1-9]\\d*m`);

/** A stream that may say that it is a terminal. */
class Output extends PassThrough {
  readonly fd = 1;
  isTTY = false;
  columns = 80;
  rows = 24;
  text = "";

  constructor() {
    super({ encoding: "utf8" });
    this.on("data", (chunk: string) => {
      this.text += chunk;
    });
  }

  /** Waits until the text holds what is looked for. */
  async until(found: (text: string) => boolean): Promise<void> {
    while (!found(this.text)) await once(this, "data");
  }
}

/** The command line in this process, with what it writes. */
function commandLine(t: Test, args: readonly string[], env: CommandContext["env"] = {}, isTTY = false) {
  const stdout = Object.assign(new Output(), { isTTY });
  const stderr = new Output();
  let shutdown: ShutdownOptions | undefined;
  const context: CommandContext = {
    env,
    stdout: stdout as unknown as CommandContext["stdout"],
    stderr: stderr as unknown as CommandContext["stderr"],
    createServer,
    examine,
    backUp,
    restore,
    onShutdown: (options) => {
      shutdown = options;
    },
  };
  const status = run(args, context);
  /** What a signal does. */
  const interrupt = async () => shutdown?.close();
  t.teardown(interrupt);
  return { status, stdout, stderr, interrupt };
}

function demo(t: Test, args: readonly string[], env: CommandContext["env"] = {}, isTTY = false) {
  return commandLine(t, ["demo", "--port", "0", "--data-dir", t.testdir(), ...args], env, isTTY);
}

/** A demo that runs, and its URL. */
async function runningDemo(t: Test): Promise<string> {
  const { stdout } = demo(t, ["--rate", "100"]);
  await stdout.until((text) => text.includes(" through ensemble"));
  return /http:\/\/[\d.:]+\d/.exec(stdout.text)?.[0] ?? "";
}

const jsonLines = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("demo --json --once ends with a summary whose errors are those of the whole year", async (t) => {
  const { status, stdout, stderr } = demo(t, ["--json", "--once", "--rate", "0"]);
  t.equal(await status, undefined);
  const summary = jsonLines(stdout.text).at(-1);
  t.match(summary, { event: "summary", ensemble: "gas_turbine", rows: 7384, total: 7384, failed: 0 });
  t.match(Object.keys(summary.signals), ["TIT", "TAT", "TEY", "CDP", "CO", "NOX"]);
  t.ok(summary.latency_ms.p50 > 0 && summary.latency_ms.p99 >= summary.latency_ms.p50);
  const last = readFileSync(join(TURBINE, "gt_2015.csv"), "utf8").trim().split("\n").at(-1);
  const [AT, AP, AH, AFDP, GTEP, TIT] = (last ?? "").split(",").map(Number);
  t.match(summary.reading, { AT, AP, AH, AFDP, GTEP }, "the newest reading is the last row");
  t.match(summary.signals.TIT, { true: TIT, boost: false });
  t.match(summary.signals.CO, { boost: true });
  // A model that is right about the turbine is this good; one that got rows or signals mixed up is not.
  for (const [signal, bound] of Object.entries({ TIT: 12, TAT: 7, TEY: 8, CDP: 0.6, CO: 2.5, NOX: 16 })) {
    t.ok(summary.signals[signal].rmse < bound, `${signal}: RMSE ${summary.signals[signal].rmse}`);
  }
  t.equal(stderr.text, "");
});

test("demo without a terminal writes lines, and a signal ends it with a summary", async (t) => {
  const { status, stdout, interrupt } = demo(t, ["--rate", "100"]);
  await stdout.until((text) => text.includes("rows/s, p50"));
  t.match(stdout.text, /npx tidewire predict --url http:\/\/127\.0\.0\.1:\d+ AT=/);
  await interrupt();
  t.equal(await status, undefined);
  t.match(stdout.text, /\d+ rows predicted in .* rows\/s\nround trip p50 .*\n\nsignal +RMSE/);
  t.notMatch(stdout.text, ESC, "no escape sequences");
});

test("demo on a terminal draws in place, fits the width, and gives the terminal back", async (t) => {
  for (const [env, columns] of [
    [{ TERM: "xterm" }, 80],
    [{ TERM: "xterm", NO_COLOR: "1" }, 44],
  ] as const) {
    const { status, stdout, interrupt } = demo(t, ["--rate", "200"], env, true);
    stdout.columns = columns;
    await stdout.until((text) => /\d rows\/s/.test(text));
    await interrupt();
    t.equal(await status, undefined);
    const [screen = "", after = ""] = stdout.text.split(`${ESC}?1049l`);
    t.ok(screen.startsWith(`${ESC}?1049h${ESC}?25l`), "another screen, no cursor");
    t.ok(screen.endsWith(`${ESC}?25h`), "the cursor comes back");
    t.match(after, /^\d+ rows predicted in/, "the summary stays");
    const lines = screen.split(LINE_START).map((line) => line.split(`${ESC}?`)[0]?.replaceAll(`${ESC}K`, "") ?? "");
    t.same(
      lines.filter((line) => widthOf(line) > columns),
      [],
    );
    t.equal(COLOUR.test(screen), !("NO_COLOR" in env));
  }
});

test("a terminal that cannot move its cursor gets lines", async (t) => {
  const { status, stdout } = demo(t, ["--rows", "5", "--rate", "0"], { TERM: "dumb" }, true);
  await status;
  t.match(stdout.text, "5 rows predicted");
  t.notMatch(stdout.text, ESC);
});

test("demo takes a free port when its own is in use, and says so", async (t) => {
  const taken = createTcpServer().listen(0, "127.0.0.1");
  t.teardown(() => taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const { status, stdout } = demo(t, ["--port", String(port), "--rows", "3", "--json"]);
  t.equal(await status, undefined);
  t.match(jsonLines(stdout.text).at(-1), { rows: 3, note: `port ${port} is in use: the demo took a free one` });
  t.notMatch(stdout.text, `:${port}"`);
});

test("demo refuses a wrong command line with status 2", async (t) => {
  for (const [args, message] of [
    [["--rate", "-1"], /--rate.*0 to 1000000/s],
    [["--rows", "0"], /--rows.*at least 1/s],
    [["--port", "x"], /port \(flag --port\)/],
    [["--prot", "1"], /--prot/],
  ] as const) {
    const { status, stderr } = demo(t, args);
    t.equal(await status, 2, args.join(" "));
    t.match(stderr.text, message);
  }
});

test("predict asks a running server, for one reading and for a CSV", async (t) => {
  const url = await runningDemo(t);
  const predict = async (...args: string[]) => {
    const { status, stdout, stderr } = commandLine(t, ["predict", "--url", url, ...args]);
    return { status: await status, output: stdout.text, errors: stderr.text };
  };
  const one = await predict(...READING, "--json");
  t.match(one, { status: undefined, errors: "" });
  const { predictions, signals_used_boost } = JSON.parse(one.output);
  t.same(signals_used_boost, ["TAT", "TEY", "CDP", "CO", "NOX"]);
  t.match(await predict(...READING), { output: /^TIT +\d+\.\d{3}\nTAT +\d+\.\d{3} {2}boost\n/ });

  const header = "AT,AP,AH,AFDP,GTEP,note\n";
  const folder = t.testdir({
    "rows.csv": `${header}23.5,1013.2,77.1,3.9,25.5,"a, b"\n23.5,1013.2,77.1,3.9,25.5,c\n`,
    "hole.csv": `${header}23.5,1013.2,77.1,3.9,25.5,\n23.5,1013.2,,3.9,25.5,\n`,
    "columns.csv": "AT,AP\n1,2\n",
  });
  const rows = `${folder}/rows.csv`;
  const lines = jsonLines((await predict("--csv", rows, "--json")).output);
  t.same(lines, [{ predictions }, { predictions }]);
  t.match(await predict("--csv", rows), { output: /^ +TIT +TAT .*\n( +\d+\.\d{3}){6}\n( +\d+\.\d{3}){6}\n$/ });
  const out = `${folder}/out.csv`;
  t.match(await predict("--csv", rows, "--out", out), { output: "", errors: /^2 rows predicted in/ });
  const [head, first] = readFileSync(out, "utf8").split("\n");
  t.equal(
    head,
    "AT,AP,AH,AFDP,GTEP,note,predicted_TIT,predicted_TAT,predicted_TEY,predicted_CDP,predicted_CO,predicted_NOX",
  );
  t.equal(first, `23.5,1013.2,77.1,3.9,25.5,"a, b",${Object.values(predictions).join(",")}`);

  for (const [args, message] of [
    [["AT=1"], /^tidewire: Missing boundary signals: \['AP', /],
    [["AT=x"], /"AT=x" is no signal with a number/],
    [[], /either one reading.*or --csv/],
    [[...READING, "--ensemble", "none"], /no ensemble "none"; there are: gas_turbine/],
    [["--csv", `${folder}/hole.csv`], /hole\.csv, row 2: Missing boundary signals: \['AH'\]/],
    [["--csv", `${folder}/columns.csv`], /columns\.csv has no column AH, AFDP, GTEP; it has AT, AP/],
    [["--csv", `${folder}/absent.csv`], /absent\.csv: ENOENT/],
    [[...READING, "--url", "127.0.0.1"], /--url takes a URL/],
    [
      [...READING, "--url", "http://127.0.0.1:1"],
      /no server answers at http:\/\/127\.0\.0\.1:1: start one with tidewire/,
    ],
  ] as const) {
    const { status, errors } = await predict(...args);
    t.equal(status, 1, args.join(" "));
    t.match(errors, message);
    t.notMatch(errors, /^ {4}at /m, "no stack");
  }
});

test("lines are cut to a width, styles left whole", async (t) => {
  const text = `ab${ESC}1mcdef${ESC}22mgh`;
  t.equal(fit(text, 8), text);
  t.equal(fit(text, 5), `ab${ESC}1mcd${ESC}22m…`);
  t.equal(fit(text, 1), `${ESC}1m${ESC}22m…`);
});
