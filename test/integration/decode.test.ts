// `tidewire decode` shows every golden frame as its JSON, and says what is wrong with bytes that are none.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "tap";
import { PACKAGE_ROOT } from "../../src/config/index.js";
import { readGoldens } from "../conformance/goldens.js";

async function decode(words: readonly string[], input = "") {
  const args = ["--import=./tools/typescript.mjs", "src/main.ts", "decode", ...words];
  const child = spawn(process.execPath, args, { cwd: PACKAGE_ROOT, stdio: "pipe" });
  child.stdin.end(input);
  const [[status], output, errors] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  return { status, output, errors };
}

test("golden frames, a line each", async (t) => {
  for (const [type, sender] of [
    ["ClientFrame", "client"],
    ["ServerFrame", "server"],
  ] as const) {
    const goldens = readGoldens().filter((golden) => golden.type === type);
    const { status, output, errors } = await decode(["--type", sender, "-"], goldens.map(({ hex }) => hex).join("\n"));
    t.match({ status, errors }, { status: 0, errors: "" });
    const lines = output.trim().split("\n");
    t.equal(lines.length, goldens.length);
    for (const [i, golden] of goldens.entries()) t.same(JSON.parse(lines[i] ?? ""), golden.json, golden.name);
  }
});

test("one frame, however its digits are grouped", async (t) => {
  for (const words of [["080b5200"], ["08", "0b", "52", "00"], ["08:0b:52:00"], ["0x080b5200"]]) {
    const { status, output } = await decode(words);
    t.equal(status, 0);
    t.same(JSON.parse(output), { type: "ping", id: 11 });
  }
});

test("what is wrong is named", async (t) => {
  const cases: [string[], RegExp][] = [
    [["08031a170a14"], /^tidewire: INVALID_FRAME: .*length of 23 with 2 bytes left at byte 4/],
    [["0x0g"], /"g" is no hex digit/],
    [["080"], /3 hex digits are no whole number of bytes/],
    [["7a00"], /INVALID_FRAME: .*\nthe server could have sent it, as error: try --type server/],
    [["--type", "server", "0801"], /no ServerFrame: it has no body/],
    [["--type", "server", "0a"], /no ServerFrame: /],
  ];
  for (const [words, message] of cases) {
    const { status, errors } = await decode(words);
    t.equal(status, 1, words.join(" "));
    t.match(errors, message);
    t.notMatch(errors, /^ {4}at /m, "no stack");
  }
  const lines = await decode(["-"], "080b5200\nxx\n");
  t.match(lines, { status: 1, output: '{"type":"ping","id":11}\n', errors: /^line 2: .*\ntidewire: 1 of 2 lines/ });
});
