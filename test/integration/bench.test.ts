import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "tap";
import { staleSources } from "../../bench/lib/host.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Ended {
  readonly code?: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function bench(...words: string[]): Promise<Ended> {
  const args = ["--import=./tools/typescript.mjs", "bench/run.ts", ...words];
  return promisify(execFile)(process.execPath, args, { cwd: ROOT }).catch((error: Ended) => error);
}

test("a quick run answers rightly and tells what, where and beside what", async (t) => {
  if (staleSources().length > 0) {
    t.pass("not run: the built server is older than its sources; npm run build");
    return;
  }
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

test("the command line teaches", async (t) => {
  const help = await bench("--help");
  t.match(help, { stdout: /Usage: npm run bench -- <suite>[\s\S]*pipelined[\s\S]*Examples:/, stderr: "" });
  for (const words of [[], ["speed"], ["inference", "--only", "fast"], ["inference", "--rounds", "x"], ["--fast"]]) {
    const { code, stdout, stderr } = await bench(...words);
    t.equal(code, 2, words.join(" "));
    t.equal(stdout, "");
    t.match(stderr, /^bench: /);
  }
});
