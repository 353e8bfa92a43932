import { once } from "node:events";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import t, { type Test } from "tap";
import { Access, type AccessSettings } from "../../../src/access/access.js";
import { digestOf } from "../../../src/access/digest.js";
import { EVERYBODY, Grant, NOBODY } from "../../../src/access/grant.js";
import { GrantWatch } from "../../../src/access/grant-watch.js";
import { presentedToken } from "../../../src/access/presented.js";
import { parseScope } from "../../../src/access/scopes.js";
import { MAX_TOKENS, readTokenFile, StaticTokens } from "../../../src/access/token-file.js";
import { NOTHING_SET } from "../../support/access.js";

const silent = pino({ level: "silent" });
const hashOf = (token: string) => digestOf(token).toString("hex");
const row = (name: string, token: string, more: object = {}) => ({
  name,
  sha256: hashOf(token),
  scopes: ["subscribe:training.*"],
  ...more,
});
const fileOf = (...tokens: object[]) => JSON.stringify({ tokens });

/** The server's own timers and watchers keep no process alive; a test that waits for them must. */
function stayAwake(t: Test): void {
  const awake = setInterval(() => undefined, 60_000);
  t.teardown(() => clearInterval(awake));
}

async function open(t: Test, settings: Partial<AccessSettings>, log = silent): Promise<Access> {
  const access = await Access.open({ ...NOTHING_SET, ...settings }, log);
  t.teardown(() => access[Symbol.dispose]());
  return access;
}

t.test("without any setting everybody may do everything, whatever they show", async (t) => {
  const access = await open(t, {});
  t.ok(access.isOpen);
  t.equal(await access.authenticate("anything"), EVERYBODY);
});

t.test("the token of the configuration may do everything, any other is unknown", async (t) => {
  const access = await open(t, { token: "0123456789abcdef" });
  t.notOk(access.isOpen);
  t.ok((await access.authenticate("0123456789abcdef")).allows("admin"));
  for (const wrong of ["0123456789abcdeF", "0123456789abcde", "", "x".repeat(9000)])
    await t.rejects(access.authenticate(wrong), { code: "UNAUTHENTICATED" }, wrong.slice(0, 20));
});

t.test("a token of the file grants what its row says, until its row says", async (t) => {
  const expired = row("old", "old-token", { expires_at: "2020-01-01T00:00:00Z" });
  const folder = t.testdir({ "tokens.json": fileOf(row("page", "page-token"), expired) });
  const access = await open(t, { tokenFile: join(folder, "tokens.json") });
  const grant = await access.authenticate("page-token");
  t.equal(grant.subject, "page");
  t.ok(grant.allows("subscribe", "training.run_1"));
  t.throws(() => grant.require("publish", "training.run_1"), {
    code: "PERMISSION_DENIED",
    details: { needs: "publish:training.run_1", subject: "page" },
  });
  await t.rejects(access.authenticate("old-token"), { code: "UNAUTHENTICATED", message: /expired at 2020-01-01/ });
});

t.test("a file is checked whole, and every problem names its place", async (t) => {
  const { rows, problems } = readTokenFile(
    fileOf(
      row("good", "good"),
      { name: "", sha256: "abc", scopes: [], expires_at: "tomorrow", colour: "red" },
      row("good", "other", { scopes: ["subscribe:a..b", "read"] }),
      row("third", "good", { expires_at: "2027-01-31T00:00:00" }),
      7 as never,
    ),
  );
  t.same(
    rows.map(({ name }) => name),
    ["good"],
  );
  t.same(
    problems.map((problem) => problem.slice(0, problem.indexOf(": "))),
    [
      "tokens[1].colour",
      "tokens[1].name",
      "tokens[1].sha256",
      "tokens[1].scopes",
      "tokens[1].expires_at",
      "tokens[2].name",
      "tokens[2].scopes[0]",
      "tokens[2].scopes[1]",
      "tokens[3].sha256",
      "tokens[3].expires_at",
      "tokens[4]",
    ],
  );
  for (const text of ["", "[]", "{}", '{"tokens":{}}', "null", '"x"'])
    t.equal(readTokenFile(text).problems.length, 1, text);
  const many = Array.from({ length: MAX_TOKENS + 1 }, (_, i) => row(`t${i}`, `t${i}`));
  t.match(readTokenFile(fileOf(...many)).problems, [/at most 1000/]);
});

t.test("what is wrong with a token file's JSON is told by its place, never by its text", async (t) => {
  const { problems } = readTokenFile('{"tokens": [{"name": "secret" "sha256": "x"}]}');
  t.match(problems, [/^is no JSON at position 30( \(line 1 column 31\))?$/]);
  for (const text of ["secret", '{"secret', '{"tokens": secret}', `{"a": "secret" ${"x".repeat(100)}`])
    t.notMatch(readTokenFile(text).problems.join(), /secret|xxx/, text.slice(0, 20));
});

t.test("whatever text a token file holds, it is rows or problems", async (t) => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.array(fc.string()), fc.constant(hashOf("x")));
  const one = fc.record({ name: value, sha256: value, scopes: value, expires_at: value }, { requiredKeys: [] });
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(one, value)).map((tokens) => JSON.stringify({ tokens })),
  );
  fc.assert(
    fc.property(text, (given) => {
      const { rows, problems } = readTokenFile(given);
      return problems.length > 0 || rows.every(({ digest, scopes }) => digest.length === 32 && scopes.length > 0);
    }),
  );
  t.pass();
});

t.test("a server does not start with a file that is broken or missing", async (t) => {
  const folder = t.testdir({ "tokens.json": fileOf({ name: "x" }) });
  await t.rejects(open(t, { tokenFile: join(folder, "tokens.json") }), {
    name: "AccessError",
    message: /tokens\[0\]\.sha256/,
  });
  await t.rejects(open(t, { tokenFile: join(folder, "none.json") }), {
    name: "AccessError",
    message: /cannot be read/,
  });
});

t.test("a file that changes is read again; a broken one changes nothing and says so", async (t) => {
  stayAwake(t);
  const folder = t.testdir({ "tokens.json": fileOf(row("a", "token-a"), row("b", "token-b")) });
  const path = join(folder, "tokens.json");
  const lines: string[] = [];
  const heard = new EventTarget();
  const log = pino({}, { write: (line) => lines.push(line) && heard.dispatchEvent(new Event("line")) });
  const replace = (text: string) => {
    const said = once(heard, "line");
    writeFileSync(`${path}.part`, text);
    renameSync(`${path}.part`, path);
    return said;
  };
  const access = await open(t, { tokenFile: path }, log);
  const [a, b] = [await access.authenticate("token-a"), await access.authenticate("token-b")];
  const ended: string[] = [];
  access.watch.watch(a, ({ message }) => ended.push(`a: ${message}`));
  access.watch.watch(b, ({ message }) => ended.push(`b: ${message}`));
  await replace("{");
  t.match(lines[0], /the token file is broken/);
  t.equal(await access.authenticate("token-a"), a);
  await replace(fileOf(row("b", "token-b"), row("c", "token-c")));
  t.match(lines[1], /read again/);
  await t.rejects(access.authenticate("token-a"), { code: "UNAUTHENTICATED" });
  t.equal(await access.authenticate("token-b"), b, "what stays keeps its connections");
  t.same(ended, ["a: the token is no longer valid here: use another"]);
  t.equal((await access.authenticate("token-c")).subject, "c");
});

t.test("a row that changes revokes what it granted before", async (t) => {
  const tokens = new StaticTokens();
  const rowsOf = (...rows: object[]) => readTokenFile(fileOf(...rows)).rows;
  tokens.replace(rowsOf(row("a", "a")));
  const before = tokens.find("a") as Grant;
  tokens.replace(rowsOf(row("a", "a", { scopes: ["monitor"] })));
  t.ok(before.endedAt(Date.now()));
  t.ok(tokens.find("a")?.allows("monitor"));
});

t.test("grants are told of once, when their time has come, however far ahead it is", async (t) => {
  const watch = new GrantWatch();
  const ended: string[] = [];
  const grantAt = (expiresAtMs: number) => new Grant({ subject: "s", scopes: [], expiresAtMs });
  watch.watch(grantAt(1000), () => ended.push("soon"));
  const never = watch.watch(grantAt(1000), () => ended.push("unwatched"));
  watch.watch(grantAt(Number.MAX_SAFE_INTEGER), () => ended.push("far"));
  watch.watch(EVERYBODY, () => ended.push("everybody"));
  watch.watch(NOBODY, () => ended.push("nobody"));
  never();
  watch.look(999);
  t.same(ended, []);
  watch.look(1000);
  watch.look(2000);
  t.same(ended, ["soon"]);
});

t.test("the watch looks by itself", async (t) => {
  stayAwake(t);
  const watch = new GrantWatch();
  const reason = await new Promise<Error>((resolve) => {
    watch.watch(new Grant({ subject: "s", scopes: [], expiresAtMs: Date.now() + 50 }), resolve);
  });
  t.match(reason, { code: "UNAUTHENTICATED", message: /expired/ });
});

t.test("nobody is told to show a token, somebody what theirs lacks", async (t) => {
  t.throws(() => NOBODY.require("monitor"), { code: "UNAUTHENTICATED", details: { needs: "monitor" } });
  const grant = new Grant({ subject: "s", scopes: [parseScope("publish:task.press.>")] });
  t.doesNotThrow(() => grant.require("publish", "task.press.t1"));
  t.doesNotThrow(() => grant.require("publish", "task.press.t1"), "a second time from memory");
  t.throws(() => grant.require("subscribe", "task.press.t1"), { code: "PERMISSION_DENIED" });
  t.throws(() => grant.require("admin"), { code: "PERMISSION_DENIED", details: { needs: "admin" } });
});

t.test("a token is found in the header or among the subprotocols, never elsewhere", async (t) => {
  t.equal(presentedToken({}), undefined);
  t.equal(presentedToken({ authorization: "Bearer abc" }), "abc");
  t.equal(presentedToken({ authorization: "bearer   abc " }), "abc");
  const offered = { "sec-websocket-protocol": "tidewire.v1.json, tidewire.bearer.a.b-c" };
  t.equal(presentedToken(offered), "a.b-c");
  t.equal(presentedToken({ "sec-websocket-protocol": "tidewire.v1.json" }), undefined);
  t.equal(presentedToken({ authorization: "Bearer abc", ...offered }), "abc");
  for (const authorization of ["", "Bearer", "Bearer ", "Basic dTpw", "Bearer a b", "abc"])
    t.throws(() => presentedToken({ authorization }), { code: "UNAUTHENTICATED" }, authorization);
});
