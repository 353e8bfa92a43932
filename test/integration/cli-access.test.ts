// The commands that talk to a server, at one that asks for tokens.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import { commandLine, MEMORY } from "./support/commands.js";
import { serve } from "./support/serve.js";

const ADMIN = "admin-token-of-the-tests";
const READER = "reader-token-of-the-tests";
const READING = ["AT=23.5", "AP=1013.2", "AH=77.1", "AFDP=3.9", "GTEP=25.5"];
/** Every command that talks to a server, in a form that ends. */
const COMMANDS: readonly (readonly string[])[] = [
  ["predict", ...READING],
  ["publish", "training.r", "log", '{"level":"INFO","message":"hello"}'],
  ["watch", "training.r", "--exit"],
  ["watch", "training.r", "--from-start", "--json"],
  ["runs"],
  ["runs", "r"],
  ["runs", "r", "--follow"],
  ["top", "--once"],
];

async function start(t: Test) {
  const tokens = [
    { name: "admin", sha256: sha256(ADMIN), scopes: ["admin"] },
    { name: "reader", sha256: sha256(READER), scopes: ["subscribe:training.*"] },
  ];
  const folder = mkdtempSync(join(tmpdir(), "tidewire-tokens-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const tokenFile = join(folder, "tokens.json");
  writeFileSync(tokenFile, JSON.stringify({ tokens }));
  const { url } = await serve(t, { models: ["gas_turbine"], flags: { ...MEMORY, tokenFile } });
  const tidewire = (words: readonly string[], env: Record<string, string> = {}) =>
    commandLine(t, [...words, "--url", url], env, false);
  return { url, tidewire };
}

test("without a token, and with a wrong one, every command says what to do", async (t) => {
  const { tidewire } = await start(t);
  for (const words of COMMANDS) {
    for (const token of ["", "no-such-token-here"]) {
      const { status, stderr } = tidewire(words, { TIDEWIRE_TOKEN: token });
      t.equal(await status, 1, words.join(" "));
      t.match(
        stderr.text,
        /UNAUTHENTICATED: .*\nset TIDEWIRE_TOKEN, or --token; tidewire token makes one/,
        words.join(" "),
      );
      t.notMatch(stderr.text, "no-such-token-here");
    }
  }
});

test("with a token, from the environment or a flag, every command does its work and never tells it", async (t) => {
  const { tidewire } = await start(t);
  const done = async (words: readonly string[], env: Record<string, string> = { TIDEWIRE_TOKEN: ADMIN }) => {
    const { status, stdout, stderr } = tidewire(words, env);
    t.equal((await status) ?? 0, 0, `${words.join(" ")}: ${stderr.text}`);
    t.notMatch(stdout.text + stderr.text, ADMIN);
    return stdout.text;
  };
  t.match(await done(["predict", ...READING]), /TEY/);
  t.match(await done(["predict", ...READING, "--token", ADMIN], { TIDEWIRE_TOKEN: "no-such-token-here" }), /TEY/);
  const running = ["publish", "training.r", "status_changed", "--field", "status=running"];
  t.match(await done(running), /^training\.r \d+-\d+/);
  t.match(await done(["publish", "training.r", "status_changed", "--field", "status=completed"]), /^training\.r/);
  t.match(await done(["runs"]), /\br\b.*completed/);
  t.match(await done(["runs", "r"]), /completed/);
  t.match(await done(["watch", "training.r", "--exit"]), /completed/);
  t.match(await done(["watch", "training.r", "--from-start", "--json", "--exit"]), /"status_changed"/);
  t.match(await done(["top", "--once"]), /Sessions/);
});

test("a token without the scope is told which one is missing", async (t) => {
  const { tidewire } = await start(t);
  const env = { TIDEWIRE_TOKEN: READER };
  for (const [words, scope] of [
    [["predict", ...READING], "predict:gas_turbine"],
    [["publish", "training.r", "log", '{"level":"INFO","message":"x"}'], "publish:training.r"],
    [["watch", "task.*.*"], "subscribe:task.*.*"],
    [["top", "--once"], "subscribe:system.*"],
  ] as const) {
    const { status, stderr } = tidewire(words, env);
    t.equal(await status, 1, words.join(" "));
    t.match(stderr.text, `the scope ${scope}`);
    t.match(stderr.text, /PERMISSION_DENIED: [\s\S]*\nset TIDEWIRE_TOKEN, or --token, to one that has it/);
  }
  const { status, stdout } = tidewire(["runs"], env);
  t.equal((await status) ?? 0, 0);
  t.match(stdout.text, "no training runs yet");
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
