import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { digestOf } from "../../src/access/digest.js";
import { readTokenFile } from "../../src/access/token-file.js";
import { commandLine, MEMORY } from "./support/commands.js";
import { serve } from "./support/serve.js";

async function tidewire(t: Test, ...words: readonly string[]) {
  const { status, stdout, stderr } = commandLine(t, ["token", ...words], {}, false);
  return { status: await status, output: stdout.text, errors: stderr.text };
}

t.test("a token and its row: the one is random, the other knows it", async (t) => {
  const { status, output, errors } = await tidewire(
    t,
    "--name",
    "page",
    "--scope",
    "subscribe:training.*",
    "--scope",
    "predict",
  );
  t.equal(status, undefined);
  t.match(output, /^[\w-]{43}\n$/);
  const row = JSON.parse(errors.trim().split("\n").at(-1) as string);
  t.same(row, {
    name: "page",
    sha256: digestOf(output.trim()).toString("hex"),
    scopes: ["subscribe:training.*", "predict"],
  });
  t.not((await tidewire(t, "--quiet")).output, (await tidewire(t, "--quiet")).output);
  t.equal((await tidewire(t, "--quiet")).errors, "");
});

t.test("rows are added to a file that only its owner may read, and a server takes them", async (t) => {
  const file = join(t.testdir({}), "tokens.json");
  const first = (await tidewire(t, "--name", "a", "--file", file)).output.trim();
  const second = (
    await tidewire(t, "--name", "b", "--scope", "monitor", "--expires", "30d", "--file", file)
  ).output.trim();
  t.equal(statSync(file).mode & 0o777, 0o600);
  const { rows, problems } = readTokenFile(readFileSync(file, "utf8"));
  t.same(problems, []);
  t.match(rows, [{ name: "a", expiresAtMs: undefined }, { name: "b" }]);
  t.ok(Math.abs((rows[1]?.expiresAtMs ?? 0) - Date.now() - 30 * 86_400_000) < 60_000);
  const { url } = await serve(t, { models: file.replace(/\/[^/]*$/, ""), flags: { ...MEMORY, tokenFile: file } });
  const statusOf = async (token: string, way: string) =>
    (await fetch(url + way, { headers: { authorization: `Bearer ${token}` } })).status;
  t.equal(await statusOf(first, "/api/v1/topics"), 200);
  t.equal(await statusOf(second, "/api/v1/ws/stats"), 200);
  t.equal(await statusOf(second, "/api/v1/topics/training.a"), 403);
});

t.test("what a server would refuse is refused here, and changes nothing", async (t) => {
  const file = join(t.testdir({ "tokens.json": '{"tokens":[{}]}' }), "tokens.json");
  const broken = await tidewire(t, "--file", file);
  t.equal(broken.status, 1);
  t.match(broken.errors, /is no token file as it is:\n {2}tokens\[0\]\.name/);
  t.equal(readFileSync(file, "utf8"), '{"tokens":[{}]}');
  writeFileSync(file, '{"tokens":[]}');
  await tidewire(t, "--name", "a", "--file", file);
  t.match(await tidewire(t, "--name", "a", "--file", file), { status: 1, errors: /tokens\[1\]\.name: is the same as/ });
  for (const words of [
    ["--scope", "read"],
    ["--expires", "soon"],
    ["--expires", "2020-01-01T00:00:00Z"],
  ])
    t.match(await tidewire(t, ...words), { status: 2 }, words.join(" "));
});
