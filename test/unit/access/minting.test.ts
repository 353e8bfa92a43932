// Tokens made from tokens: what is refused, and what a broken key of theirs does to everybody else.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SignJWT } from "jose";
import { type Logger, pino } from "pino";
import t, { type Test } from "tap";
import { Access } from "../../../src/access/access.js";
import { KID } from "../../../src/access/minted.js";
import { MAX_TOKEN_LENGTH } from "../../../src/access/presented.js";
import { NOTHING_SET } from "../../support/access.js";

const ADMIN = "0123456789abcdef0123456789abcdef";
const SECRET = randomBytes(32);

/** A token of an issuer that is trusted, or not. */
const sign = (sub: string, header: { kid?: string } = {}) =>
  new SignJWT({ sub, scope: "monitor" })
    .setProtectedHeader({ alg: "HS256", ...header })
    .setExpirationTime("1h")
    .sign(SECRET);

async function open(t: Test, log: Logger = pino({ level: "silent" })): Promise<{ access: Access; dataDir: string }> {
  const folder = t.testdir({ data: {} });
  writeFileSync(join(folder, "secret"), SECRET);
  chmodSync(join(folder, "secret"), 0o600);
  const dataDir = join(folder, "data");
  const settings = { ...NOTHING_SET, dataDir, token: ADMIN, jwtSecretFile: join(folder, "secret") };
  const access = await Access.open(settings, log);
  t.teardown(() => access[Symbol.dispose]());
  return { access, dataDir };
}

t.test("a broken key of minted tokens concerns them alone, and is told once with what to do", async (t) => {
  const lines: { readonly level: number; readonly file?: string; readonly remedy?: string }[] = [];
  const { access, dataDir } = await open(t, pino({}, { write: (line) => lines.push(JSON.parse(line)) }));
  const path = join(dataDir, "access", "minting.key");
  const admin = await access.authenticate(ADMIN);
  const cannot = { code: "OVERLOADED", retryable: true, retryAfterMs: 10_000, message: /key of the tokens.*log/ };
  const breaks: Readonly<Record<string, () => void>> = {
    "a folder in its place": () => mkdirSync(path, { recursive: true }),
    "too few bytes": () => {
      mkdirSync(join(dataDir, "access"));
      writeFileSync(path, "short");
    },
    "a file in the place of its folder": () => writeFileSync(join(dataDir, "access"), ""),
  };
  for (const [name, spoil] of Object.entries(breaks)) {
    lines.length = 0;
    spoil();
    t.equal((await access.authenticate(await sign(name))).subject, name, "another's token is as good as before");
    t.same(lines, [], `${name}: nobody asked for it`);
    for (let i = 0; i < 3; i += 1) {
      await t.rejects(access.authenticate(await sign(`${name} ${i}`, { kid: KID })), cannot, name);
      await t.rejects(access.mint(admin, { scopes: ["monitor"] }), cannot, name);
    }
    t.match(lines, [{ level: 50, file: path, remedy: /remove it/ }], name);
    t.equal(lines.length, 1, `${name}: once`);
    rmSync(join(dataDir, "access"), { recursive: true });
  }
  const { token } = await access.mint(admin, { scopes: ["monitor"] });
  t.ok((await access.authenticate(token)).allows("monitor"), "it is mended without a restart");
});

t.test("a subject is a text that a log and a screen can show", async (t) => {
  const { access } = await open(t);
  const admin = await access.authenticate(ADMIN);
  for (const subject of ["", "admin\r\nx", "a\u0000", "\u202etxt", "a\u2028b", "x".repeat(257)])
    await t.rejects(access.mint(admin, { scopes: ["monitor"], subject }), {
      code: "INVALID_MESSAGE",
      details: { field: "subject", limit: 256 },
    });
  const { subject } = await access.mint(admin, { scopes: ["monitor"], subject: "Großrechner 7 (台北)" });
  t.equal(subject, "Großrechner 7 (台北)");
});

t.test("a token that would be longer than the server takes is not made", async (t) => {
  const { access } = await open(t);
  const admin = await access.authenticate(ADMIN);
  const scopes = (count: number) =>
    Array.from({ length: count }, (_, i) => `subscribe:training.${"x".repeat(110)}${i}`);
  await t.rejects(access.mint(admin, { scopes: scopes(64) }), {
    code: "INVALID_MESSAGE",
    details: { field: "scopes", limit: MAX_TOKEN_LENGTH },
  });
  const { token } = await access.mint(admin, { scopes: scopes(40) });
  t.ok(token.length <= MAX_TOKEN_LENGTH);
  t.equal((await access.authenticate(token)).scopes.length, 40);
});
