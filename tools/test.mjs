// Runs the test suite by tap and closes with one line, `N passed, N failed`, taken from tap's own summary.
// Usage: node tools/test.mjs [tap arguments or test files]
// In a terminal tap reports as it likes to; elsewhere each test file gives one line, and a failing one its failures.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { execute, root } from "./execute.mjs";

const output = resolve(root, ".tap/run.tap");
const counts = resolve(root, ".tap/counts");
const terminal = process.stdout.isTTY;

mkdirSync(resolve(root, ".tap"), { recursive: true });
for (const file of [output, counts]) rmSync(file, { force: true });
prepareTap();

// With both, --output-file and --reporter=tap, tap 21 prints every line twice; so the TAP of a pipe is saved here.
const args = ["run", terminal ? `--output-file=${output}` : "--reporter=tap", ...process.argv.slice(2)];
const tap = spawn(resolve(root, "node_modules/.bin/tap"), args, {
  cwd: root,
  stdio: ["ignore", terminal ? "inherit" : "pipe", "inherit"],
});
const closed = once(tap, "close");
if (tap.stdout) {
  printFailures(tap.stdout);
  await pipeline(tap.stdout, createWriteStream(output));
}
const [status] = await closed;

const line = closingLine(readFileSync(output, "utf8"));
writeFileSync(counts, `${line}\n`);
console.log(line);
process.exitCode = status ?? 1;

/** tap builds its plugin set into node_modules; a first run after installing would still use the set it came with. */
function prepareTap() {
  const built = readFileSync(resolve(root, "node_modules/@tapjs/test/test-built/dist/esm/index.js"), "utf8");
  if (built.includes("@tapjs/typescript")) execute("tap", ["build"]);
}

/** TAP indents what happened inside a test file and closes it with an unindented `ok` or `not ok`. */
function printFailures(stream) {
  let inside = [];
  let passed = true;
  createInterface({ input: stream }).on("line", (text) => {
    if (text.startsWith("    ")) {
      if (!/^ +(ok |# |\d+\.\.\d)/.test(text)) inside.push(text);
      return;
    }
    if (/^(not )?ok /.test(text)) {
      passed = text.startsWith("ok");
      if (!passed) console.log(inside.filter((line) => line.trim()).join("\n"));
      inside = [];
      console.log(text);
    } else if (!passed && text.startsWith("  ")) {
      console.log(text);
    }
  });
}

/** tap ends its output with `# { total: 5, pass: 3, fail: 1, skip: 1 }`; a count of zero is left out. */
function closingLine(text) {
  const summary = text.match(/^# \{ total: .* \}$/gm)?.at(-1);
  if (!summary) throw new Error(`tap ended without a summary, exit status ${status}`);
  const count = (name) => Number(summary.match(new RegExp(`\\b${name}: (\\d+)`))?.[1] ?? 0);
  const aside = ["skip", "todo"].filter((name) => count(name) > 0).map((name) => `${count(name)} ${name}`);
  if (aside.length > 0) console.log(`not counted as passed: ${aside.join(", ")}`);
  return `${count("pass")} passed, ${count("fail")} failed`;
}
