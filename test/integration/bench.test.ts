import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Test, test } from "tap";
import { staleSources } from "../../bench/lib/host.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Ended {
  readonly code?: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whether nothing can be measured: whoever changes sources meanwhile has not built yet. */
function isStale(t: Test): boolean {
  const stale = staleSources().length > 0;
  if (stale) t.pass("not run: the built server is older than its sources; npm run build");
  return stale;
}

async function bench(...words: string[]): Promise<Ended> {
  const args = ["--import=./tools/typescript.mjs", "bench/run.ts", ...words];
  return promisify(execFile)(process.execPath, args, { cwd: ROOT }).catch((error: Ended) => error);
}

test("a quick run answers rightly and tells what, where and beside what", async (t) => {
  if (isStale(t)) return;
  const { code, stdout, stderr } = await bench("inference", "--quick", "--only", "pipelined");
  t.equal(code, undefined, stderr);
  const figure = { measured: Number, peer: Number, ratio: Number, must: 2.5, aim: 5, pass: Boolean, unit: String };
  t.match(JSON.parse(stdout), {
    suite: "inference",
    host: { cores: Number, node: process.versions.node, date: String, commit: String, "onnxruntime-node": String },
    figures: {
      pipelined: { ...figure, method: String, details: { answers_compared: Number } },
      pipelined_without_metadata: figure,
    },
    failures: {},
  });
  t.ok(JSON.parse(stdout).figures.pipelined.details.answers_compared > 10, "answers were compared");
  t.match(stderr, /pipelined +[\d,]+ +[\d,]+ +[\d.]+× +≥ 2\.5×/, "the table");
});

test("a quick run of the fan-out finds every event at every subscriber", async (t) => {
  if (isStale(t)) return;
  const { code, stdout, stderr } = await bench("fanout", "--quick", "--only", "bursts,socketio,storm");
  t.equal(code, undefined, stderr);
  const { figures, failures } = JSON.parse(stdout);
  t.same(failures, {});
  const compared = { measured: Number, peer: Number, ratio: Number, unit: String, method: String };
  t.match(figures, {
    bursts: { ...compared, must: 5, details: { deliveries_checked: Number, peer: { deliveries_checked: Number } } },
    socketio: { ...compared, must: 5 },
    storm: { ...compared, must: null, details: { loop_delay_max_ms: Number } },
  });
  for (const { deliveries_checked: checked } of [figures.bursts.details, figures.bursts.details.peer])
    t.ok(checked > 100, "deliveries were checked");
});

test("a quick run of the ingest finds what it has published, also after a kill", async (t) => {
  if (isStale(t)) return;
  const { code, stdout, stderr } = await bench("ingest", "--quick", "--only", "lines,million,ten_thousand_topics");
  t.equal(code, undefined, stderr);
  const { figures, failures } = JSON.parse(stdout);
  t.same(failures, {});
  t.match(figures, {
    lines: { measured: Number, peer: Number, ratio: Number, must: 0.3, details: { acknowledgements_checked: Number } },
    lines_a_second: { measured: Number, peer: null, must: 100_000 },
    million_replay: { measured: Number, unit: "events/s" },
    million_disk: { measured: Number, peer: Number, unit: "MiB" },
    ten_thousand_topics_resume: { measured: Number, unit: "ms" },
    ten_thousand_topics_restart: { measured: Number, peer: Number, details: { after_kill_s: Number } },
  });
});

test("the command line teaches", async (t) => {
  const help = await bench("--help");
  t.match(help, {
    stdout: /Usage: npm run bench -- <suite>[\s\S]*pipelined[\s\S]*bursts[\s\S]*million[\s\S]*Examples:/,
    stderr: "",
  });
  for (const words of [[], ["speed"], ["inference", "--only", "fast"], ["inference", "--rounds", "x"], ["--fast"]]) {
    const { code, stdout, stderr } = await bench(...words);
    t.equal(code, 2, words.join(" "));
    t.equal(stdout, "");
    t.match(stderr, /^bench: /);
  }
});
