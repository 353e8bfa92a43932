import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Test, test } from "tap";
import { VERSION } from "../../src/config/index.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = ["--import=./tools/typescript.mjs", "src/main.ts"];
/** Throws outside of every handler when something is written to the standard input. */
const CRASH = "--import=data:text/javascript,process.stdin.once('data',()=>{throw new Error('boom')})";

type Process = ChildProcessByStdio<Writable, Readable, Readable>;
interface Line {
  readonly msg: string;
  readonly url?: string;
}

function start(t: Test, args: readonly string[], { env = {}, node = [] as string[] } = {}): Process {
  const words = [...node, ...MAIN, ...args];
  const child = spawn(process.execPath, words, { cwd: ROOT, env: { PATH: process.env.PATH, ...env }, stdio: "pipe" });
  t.teardown(() => child.kill("SIGKILL"));
  return child;
}

/** A server on a free port, with what it logs. */
async function serve(t: Test, args: readonly string[] = [], options: Parameters<typeof start>[2] = {}) {
  const folder = t.testdir({ models: {} });
  const folders = ["--models", `${folder}/models`, "--data-dir", `${folder}/data`];
  const child = start(t, ["serve", "--port", "0", ...folders, ...args], options);
  const ended = once(child, "exit");
  const errors = text(child.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<Line | undefined> => {
    const { value, done } = await lines.next();
    return done ? undefined : (JSON.parse(value) as Line);
  };
  /** Reads on to the line that says `msg`. */
  const until = async (msg: string): Promise<Line> => {
    for (;;) {
      const next = await line();
      if (next === undefined) throw new Error(`the log ended before "${msg}": ${await errors}`);
      if (next.msg === msg) return next;
    }
  };
  const { url = "" } = await until("listening");
  return { child, url, until, ended, errors };
}

async function finished(child: Process): Promise<{ status: number | null; output: string; errors: string }> {
  const [[status], output, errors] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  return { status, output, errors };
}

test("serve announces its URL, answers there, and SIGTERM and SIGINT end it with 0", async (t) => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const { child, url, until, ended, errors } = await serve(t);
    t.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    const health = await fetch(`${url}/health/ready`);
    t.match(await health.json(), { status: "ok", version: VERSION });
    child.kill(signal);
    await until("stopping");
    await until("stopped");
    t.same(await ended, [0, null]);
    t.equal(await errors, "");
  }
});

test("the URL is announced at a level that logs little else", async (t) => {
  const { child, ended } = await serve(t, ["--log-level", "error"]);
  child.kill("SIGTERM");
  t.same(await ended, [0, null]);
});

test("a second signal ends it at once", async (t) => {
  const { child, url, until, ended } = await serve(t, ["--drain-timeout-ms", "60000"]);
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  t.teardown(() => socket.destroy());
  const head = "POST /api/v1/inference/stream/save HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n";
  socket.write(`${head}content-type: application/json\r\ncontent-length: 10\r\n\r\n`);
  // The server has taken the request and waits for its body.
  t.match(String((await once(socket, "data"))[0]), "100 Continue");
  child.kill("SIGTERM");
  await until("stopping");
  child.kill("SIGTERM");
  t.same(await ended, [null, "SIGKILL"]);
});

test("an uncaught error is logged, and the process ends with 1", async (t) => {
  const { child, until, ended } = await serve(t, [], { node: [CRASH] });
  child.stdin.write("now\n");
  t.match(await until("uncaught error: the server stops"), { err: { message: "boom" }, level: 60 });
  t.same(await ended, [1, null]);
});

test("a port in use, an absent models folder and a wrong configuration are told to a person", async (t) => {
  const taken = createServer().listen(0, "127.0.0.1");
  t.teardown(() => taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const models = t.testdir({ models: {} });
  const cases: [string[], number, RegExp][] = [
    [
      ["serve", "--models", `${models}/models`, "--port", String(port)],
      1,
      /^tidewire: port \d+ on 127\.0\.0\.1 is in use: .*--port 0/,
    ],
    [["serve", "--models", `${models}/absent`], 1, /^tidewire: the models folder .*absent does not exist: .*--models/],
    [
      ["serve", "--host", "0.0.0.0", "--prot", "1", "--port", "x"],
      2,
      /3 problems:\n.*--prot.*--port\?\n.*port.*\n.*--insecure/,
    ],
    [["serve", "--config", `${models}/absent.json`], 2, /absent\.json.*cannot be read/],
    [["srve"], 2, /unknown command 'srve'\n.*serve/],
    [["serve", "--port"], 2, /--port/],
  ];
  const runs = cases.map(async ([args, status, message]) => {
    const run = await finished(start(t, args));
    t.equal(run.status, status, args.join(" "));
    t.match(run.errors, message);
    t.notMatch(run.errors, /^ {4}at /m, "no stack");
    t.equal(run.output, "", "nothing on stdout");
  });
  await Promise.all(runs);
});

test("an unknown variable is a mistake, other programs' variables are not", async (t) => {
  const run = await finished(start(t, ["serve"], { env: { TIDEWIRE_PROT: "1", PORT: "x" } }));
  t.equal(run.status, 2);
  t.match(run.errors, "TIDEWIRE_PROT (environment): unknown variable; did you mean TIDEWIRE_PORT?");
});

test("help teaches, and the version is the package's", async (t) => {
  const [help, serveHelp, version] = await Promise.all(
    [["--help"], ["help", "serve"], ["--version"]].map((args) => finished(start(t, args))),
  );
  t.match(help, { status: 0, output: /Examples:[\s\S]*tidewire serve/, errors: "" });
  t.match(serveHelp, { status: 0, output: /Limits:[\s\S]*--max-frame-bytes[\s\S]*Examples:/, errors: "" });
  t.match(version, { status: 0, output: `${VERSION}\n` });
});
