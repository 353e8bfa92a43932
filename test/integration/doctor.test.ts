// `tidewire doctor` as people and scripts run it, on this very machine.

import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Test, test } from "tap";
import type { Finding } from "../../src/doctor/finding.js";
import { commandLine } from "./support/commands.js";
import { serve } from "./support/serve.js";

/** The demo ensemble. */
const MODELS = fileURLToPath(new URL("../../models", import.meta.url));
const ESC = "\u001b";

interface Report {
  readonly ok: boolean;
  readonly version: string;
  readonly findings: readonly Finding[];
}

/** A free port, a data folder that is not there yet, and little to keep in it. */
function flags(t: Test, models: string): string[] {
  const small = ["--retention-bytes", "128MiB", "--kept-evaluation-bytes", "1MiB", "--nvidia-smi", "off"];
  return ["--models", models, "--data-dir", join(t.testdirName, "data"), "--port", "0", ...small];
}

async function examined(t: Test, words: readonly string[]): Promise<{ status: number | undefined; report: Report }> {
  const { status, stdout } = commandLine(t, ["doctor", "--json", ...words], {}, false);
  const ended = await status;
  return { status: ended, report: JSON.parse(stdout.text) };
}

const about = ({ findings }: Report, subject: string) => findings.find((finding) => finding.subject === subject);

test("a machine that can serve has no fault, and nothing is left behind", async (t) => {
  const folder = t.testdir({});
  const { status, stdout, stderr } = commandLine(t, ["doctor", ...flags(t, MODELS)], {}, false);
  t.equal(await status, undefined, stderr.text);
  for (const line of [
    /^ {2}ok {5}configuration /m,
    /^ {2}ok {5}Node\.js {12}\d+\.\d+\.\d+ on /m,
    /^ {2}ok {5}ONNX Runtime {7}execution providers .*cpu/m,
    /^ {2}\w+ +data folder .* can be written; a flush takes [\d.]+ ms/m,
    /^ {2}ok {5}model gas_turbine {2}[\d.]+ µs a row, on the event loop, on cpu$/m,
    /^ {2}ok {5}access {13}127\.0\.0\.1 is reached from this machine only$/m,
    /^\d+ things looked at, no faults, /m,
  ])
    t.match(stdout.text, line);
  t.notOk(existsSync(join(folder, "data")), "the data folder was not made");
  t.same(
    readdirSync(folder).filter((name) => name.startsWith(".tidewire")),
    [],
  );
});

test("a broken model, a taken port and a folder that cannot be written are faults with a remedy each", async (t) => {
  const other = createServer((socket) => socket.end("what?\n")).listen(0, "127.0.0.1");
  await once(other, "listening");
  t.teardown(() => other.close());
  const folder = t.testdir({ models: { pump: { "model.onnx": "no graph" } }, data: "a file" });
  const { port } = other.address() as { port: number };
  const words = flags(t, join(folder, "models"));
  const { status, report } = await examined(t, [...words, "--port", String(port)]);
  t.equal(status, 1);
  t.notOk(report.ok);
  for (const subject of ["model pump", "port", "data folder"]) {
    const finding = about(report, subject);
    t.match(finding, { state: "fault", remedy: /\w/ }, `${subject}: ${JSON.stringify(finding)}`);
  }
  t.match(about(report, "port")?.text, `127.0.0.1:${port} is in use by another program`);
});

test("a server that runs is told of, not taken for a fault", async (t) => {
  t.testdir({});
  const { url } = await serve(t, { models: MODELS, flags: { eventLog: "lmdb", nvidiaSmi: "off" } });
  const port = new URL(url).port;
  const { status, report } = await examined(t, [...flags(t, MODELS), "--port", port]);
  t.same(
    report.findings.filter(({ state }) => state === "fault"),
    [],
  );
  t.equal(status, undefined);
  t.match(about(report, "port"), { state: "note", text: /a Tidewire \d+\.\d+\.\d+ answers there/ });
  t.match(about(report, "event log"), { state: "note", text: `in use by process ${process.pid} on ` });
});

test("every wrong setting is a fault that names its source", async (t) => {
  const folder = t.testdir({});
  const file = join(folder, "tidewire.json");
  writeFileSync(file, JSON.stringify({ port: 70_000, prot: 1 }));
  const { status, report } = await examined(t, ["--config", file, "--max-connections", "0"]);
  t.equal(status, 1);
  t.same(report.findings.map(({ subject }) => subject).sort(), [
    "setting maxConnections",
    "setting port",
    "setting prot",
  ]);
  t.ok(report.findings.every(({ state, remedy }) => state === "fault" && remedy !== undefined));
  t.match(about(report, "setting port")?.remedy, `file ${file}`);
});

test("on a terminal what is being looked at stands there until it is known", async (t) => {
  t.testdir({});
  const { status, stdout } = commandLine(t, ["doctor", ...flags(t, MODELS)], {}, true);
  t.equal(await status, undefined);
  t.match(stdout.text, "…      models");
  t.match(stdout.text, `\r${ESC}[K  ${ESC}[32mok`);
});
