import { createHmac, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { exportJWK, type JWTPayload, SignJWT } from "jose";
import { pino } from "pino";
import t, { type Test } from "tap";
import { Access, type AccessSettings } from "../../../src/access/access.js";
import { Grant } from "../../../src/access/grant.js";
import { readPublicKey, readSecret } from "../../../src/access/jwt.js";
import { RemoteKeys } from "../../../src/access/remote-keys.js";
import { covers, parseScope } from "../../../src/access/scopes.js";
import { VerifiedTokens } from "../../../src/access/verified.js";
import { NOTHING_SET } from "../../support/access.js";

const silent = pino({ level: "silent" });
const SECRET = randomBytes(32);
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pemOf = (key: KeyObject) => key.export({ type: "spki", format: "pem" }) as string;
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

function sign(alg: string, key: KeyObject | Uint8Array, claims: JWTPayload = {}, header: object = {}): Promise<string> {
  return new SignJWT({ sub: "somebody", scope: "subscribe:training.*", exp: inAnHour(), ...claims })
    .setProtectedHeader({ alg, ...header })
    .sign(key);
}

/** A token put together by hand: what a library would not make. */
function forged(header: object, claims: object, signature: Buffer | ((input: string) => Buffer)): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${part(header)}.${part(claims)}`;
  const bytes = typeof signature === "function" ? signature(input) : signature;
  return `${input}.${bytes.toString("base64url")}`;
}

async function open(t: Test, settings: Partial<AccessSettings>): Promise<Access> {
  const access = await Access.open({ ...NOTHING_SET, ...settings }, silent);
  t.teardown(() => access[Symbol.dispose]());
  return access;
}

function files(t: Test): { secret: string; rsaKey: string; ecKey: string; dataDir: string } {
  const folder = t.testdir({ secret: "", "rsa.pem": pemOf(rsa.publicKey), "ec.pem": pemOf(ec.publicKey), data: {} });
  writeFileSync(join(folder, "secret"), SECRET);
  chmodSync(join(folder, "secret"), 0o600);
  const [secret, rsaKey, ecKey, dataDir] = ["secret", "rsa.pem", "ec.pem", "data"].map((name) => join(folder, name));
  return { secret, rsaKey, ecKey, dataDir } as ReturnType<typeof files>;
}

t.test("a token that a key of ours has signed grants its scopes, each key by its own algorithm", async (t) => {
  const { secret, rsaKey, ecKey } = files(t);
  const cases: [Partial<AccessSettings>, string, KeyObject | Uint8Array][] = [
    [{ jwtSecretFile: secret }, "HS256", SECRET],
    [{ jwtKeyFile: rsaKey }, "RS256", rsa.privateKey],
    [{ jwtKeyFile: ecKey }, "ES256", ec.privateKey],
    [{ jwtSecretFile: secret, jwtKeyFile: ecKey }, "HS256", SECRET],
    [{ jwtSecretFile: secret, jwtKeyFile: ecKey }, "ES256", ec.privateKey],
  ];
  for (const [settings, alg, key] of cases) {
    const access = await open(t, settings);
    const token = await sign(alg, key, {
      scopes: ["predict:gas_turbine", 7, "openid"],
      scope: "subscribe:training.* email",
    });
    const grant = await access.authenticate(token);
    t.equal(grant.subject, "somebody");
    t.ok(grant.allows("subscribe", "training.a") && grant.allows("predict", "gas_turbine"), alg);
    t.notOk(grant.allows("publish", "training.a"));
    t.equal(await access.authenticate(token), grant, "from memory");
  }
});

t.test("a token signed with anything else is refused: other keys, other algorithms, none", async (t) => {
  const { secret, rsaKey } = files(t);
  const claims = { sub: "a", scope: "admin", exp: inAnHour() };
  const hmacWith = (key: string | Buffer) => (input: string) => createHmac("sha256", key).update(input).digest();
  const rs = await sign("RS256", rsa.privateKey);
  const [head, body, signature] = rs.split(".") as [string, string, string];
  const attacks: Record<string, string> = {
    "no algorithm": forged({ alg: "none" }, claims, Buffer.alloc(0)),
    "no algorithm, in other letters": forged({ alg: "nOnE" }, claims, Buffer.alloc(0)),
    "the public key as a secret": forged({ alg: "HS256" }, claims, hmacWith(pemOf(rsa.publicKey))),
    "an empty secret": forged({ alg: "HS256" }, claims, hmacWith("")),
    "a key that it brings along": await sign(
      "RS256",
      otherRsa.privateKey,
      {},
      { jwk: await exportJWK(otherRsa.publicKey) },
    ),
    "keys that it points to": await sign(
      "RS256",
      otherRsa.privateKey,
      {},
      { jku: "http://127.0.0.1:9/keys", kid: "x" },
    ),
    "another RSA key": await sign("RS256", otherRsa.privateKey),
    "the right key, another algorithm": await sign("PS256", rsa.privateKey),
    "a longer hash": await sign("RS512", rsa.privateKey),
    "another secret": await sign("HS256", randomBytes(32)),
    "the name of our own key": await sign("HS256", randomBytes(32), {}, { kid: "tidewire-minted" }),
    "a header that must be understood": forged({ alg: "HS256", crit: ["x"], x: 1 }, claims, hmacWith(SECRET)),
    "other claims": `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`,
    "half a signature": `${head}.${body}.${signature.slice(0, 40)}`,
    "no signature": `${head}.${body}.`,
    "two parts": `${head}.${body}`,
  };
  for (const settings of [{ jwtKeyFile: rsaKey }, { jwtKeyFile: rsaKey, jwtSecretFile: secret }]) {
    const access = await open(t, settings);
    await access.authenticate(rs);
    for (const [name, token] of Object.entries(attacks))
      await t.rejects(access.authenticate(token), { code: "UNAUTHENTICATED", retryable: false }, name);
  }
});

t.test("claims: an expiry there must be, issuer and audience where they are set", async (t) => {
  const { secret } = files(t);
  const access = await open(t, { jwtSecretFile: secret, jwtIssuer: "https://us", jwtAudience: "tidewire" });
  const now = Math.floor(Date.now() / 1000);
  const good = { iss: "https://us", aud: ["other", "tidewire"] };
  const token = (claims: object) => sign("HS256", SECRET, { ...good, ...claims });
  t.equal((await access.authenticate(await token({}))).subject, "somebody");
  const far = await access.authenticate(await token({ exp: 8_000_000_000_000 }));
  t.ok(Number.isFinite(far.expiresAtMs));
  await access.authenticate(await token({ exp: now - 3 }));
  const wrong: [object, RegExp][] = [
    [{ exp: undefined }, /"exp" is missing/],
    [{ exp: now - 60 }, /expired at/],
    [{ exp: "tomorrow" }, /"exp"/],
    [{ nbf: now + 60 }, /"nbf"/],
    [{ iss: "https://them" }, /"iss"/],
    [{ iss: undefined }, /"iss" is missing/],
    [{ aud: "other" }, /"aud"/],
    [{ aud: undefined }, /"aud" is missing/],
  ];
  for (const [claims, message] of wrong)
    await t.rejects(
      access.authenticate(await token(claims)),
      { code: "UNAUTHENTICATED", message },
      JSON.stringify(claims),
    );
});

t.test("whatever bytes come as a token, they are refused as one", async (t) => {
  const { secret, rsaKey } = files(t);
  const access = await open(t, { jwtSecretFile: secret, jwtKeyFile: rsaKey });
  const part = fc.oneof(
    fc.base64String(),
    fc.json().map((text) => Buffer.from(text).toString("base64url")),
    fc.string(),
  );
  const token = fc.oneof(
    fc.string(),
    fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(".")),
  );
  await fc.assert(
    fc.asyncProperty(token, async (text) => {
      const code = await access.authenticate(text).then(
        () => "let in",
        (error: { code?: string }) => error.code,
      );
      return code === "UNAUTHENTICATED";
    }),
    { numRuns: 500 },
  );
  t.pass();
});

t.test("whatever the header and the claims of a token are, it is refused or it is one", async (t) => {
  const { secret, rsaKey } = files(t);
  const access = await open(t, { jwtSecretFile: secret, jwtKeyFile: rsaKey });
  const hmac = (input: string) => createHmac("sha256", SECRET).update(input).digest();
  const codeOf = (header: object, claims: object) =>
    access.authenticate(forged(header, claims, hmac)).then(
      () => "let in",
      (error: { code?: string }) => error.code ?? String(error),
    );
  const far = { exp: inAnHour() };
  const refused: [header: object, claims: object][] = [
    [{ alg: 5 }, far],
    [{ alg: null }, far],
    [{}, far],
    [{ alg: { toString: "x" } }, far],
    [{ alg: "HS256", kid: {} }, far],
    [{ alg: "HS256", kid: null }, far],
    [{ alg: "HS256" }, { ...far, sub: 5 }],
    [{ alg: "HS256" }, { ...far, sub: {} }],
    [{ alg: "HS256" }, { ...far, sub: ["a"] }],
    [{ alg: "HS256" }, { exp: -1e300 }],
    [{ alg: "HS256" }, { exp: -1 }],
    [{ alg: "HS256" }, { ...far, nbf: 1e300 }],
  ];
  for (const [header, claims] of refused)
    t.equal(await codeOf(header, claims), "UNAUTHENTICATED", JSON.stringify([header, claims]));
  for (const claims of [
    { exp: 1e300 },
    { ...far, sub: null },
    { ...far, scope: 5, scopes: { a: 1 } },
    { ...far, iat: -1e300 },
  ])
    t.equal(await codeOf({ alg: "HS256" }, claims), "let in", JSON.stringify(claims));
  const any = fc.jsonValue();
  const optional = { requiredKeys: [] };
  const names = { typ: any, kid: any, crit: any, b64: any, jwk: any, x5c: any, zip: any };
  const header = fc.record({ alg: fc.oneof(fc.constantFrom("HS256", "RS256", "none"), any), ...names }, optional);
  const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), any);
  const dates = { exp: number, nbf: number, iat: number };
  const claims = fc.record({ sub: any, iss: any, aud: any, jti: any, scope: any, scopes: any, ...dates }, optional);
  await fc.assert(
    fc.asyncProperty(fc.oneof(header, fc.constant({ alg: "HS256" })), fc.oneof(claims, any), async (head, body) => {
      const code = await codeOf(head, body as object);
      return code === "UNAUTHENTICATED" || code === "let in";
    }),
    { numRuns: 1000 },
  );
});

t.test("keys that are too weak, or no public keys, keep a server from starting; all are named", async (t) => {
  const small = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const otherCurve = generateKeyPairSync("ec", { namedCurve: "P-384" });
  t.throws(() => readSecret(Buffer.from("short\n")), /has 5 bytes, must have at least 32/);
  t.equal(readSecret(Buffer.from(`${"a".repeat(32)}\r\n`)).length, 32);
  t.throws(() => readPublicKey(pemOf(small.publicKey)), /RSA of at least 2048/);
  t.throws(() => readPublicKey(pemOf(otherCurve.publicKey)), /EC P-256/);
  t.throws(() => readPublicKey(rsa.privateKey.export({ type: "pkcs8", format: "pem" }) as string), /private key/);
  t.throws(() => readPublicKey("nothing"));
  const settings = { jwtSecretFile: "/nowhere/s", jwtKeyFile: "/nowhere/k", tokenFile: "/nowhere/t" };
  await t.rejects(open(t, settings), {
    message: /3 problems:[\s\S]*tokenFile[\s\S]*jwtSecretFile \/nowhere\/s[\s\S]*jwtKeyFile/,
  });
});

/** An issuer's keys at a URL, and how often they were asked for. */
async function issuer(t: Test) {
  const state = { keys: [] as object[], status: 200, asked: 0 };
  const server = createServer((_, reply) => {
    state.asked += 1;
    reply.writeHead(state.status, { location: "http://127.0.0.1:9/" }).end(JSON.stringify({ keys: state.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { state, url: `http://127.0.0.1:${port}/keys` };
}

const jwkOf = async (key: KeyObject, kid: string) => ({ ...(await exportJWK(key)), kid });

t.test("keys of a URL: fetched once, again for a new key, and never more often than that", async (t) => {
  const { state, url } = await issuer(t);
  state.keys = [await jwkOf(rsa.publicKey, "a"), { kty: "oct", k: SECRET.toString("base64url"), kid: "s" }];
  const access = await open(t, { jwksUrl: url });
  await access.authenticate(await sign("RS256", rsa.privateKey, {}, { kid: "a" }));
  await access.authenticate(await sign("RS256", rsa.privateKey, { sub: "b" }, { kid: "a" }));
  t.equal(state.asked, 1);
  await t.rejects(
    access.authenticate(await sign("HS256", SECRET, {}, { kid: "s" })),
    { code: "UNAUTHENTICATED" },
    "a published secret is none",
  );
  for (const kid of ["b", "c", "d"])
    await t.rejects(access.authenticate(await sign("ES256", ec.privateKey, {}, { kid })), { code: "UNAUTHENTICATED" });
  t.equal(state.asked, 1, "tokens of unknown keys do not make it ask at once");
});

t.test("keys of a URL: an issuer that cannot be reached is a reason to try again, and no crash", async (t) => {
  const { state, url } = await issuer(t);
  let nowMs = 0;
  const lines: string[] = [];
  const keys = new RemoteKeys(url, pino({}, { write: (line) => lines.push(line) }), () => nowMs);
  const find = async (kid: string) => keys.get({ alg: "RS256", kid }, { payload: "", signature: "" });
  const unreachable = { code: "OVERLOADED", retryable: true, retryAfterMs: 10_000 };
  for (const status of [500, 302]) {
    state.status = status;
    await t.rejects(find("a"), unreachable, String(status));
    await t.rejects(find("a"), unreachable, "without asking");
    nowMs += 10_000;
  }
  t.equal(state.asked, 2);
  t.match(lines, [/cannot be fetched/, /cannot be fetched/]);
  Object.assign(state, { status: 200, keys: [await jwkOf(rsa.publicKey, "a")] });
  t.ok(await find("a"));
  state.keys = [...state.keys, await jwkOf(ec.publicKey, "b")];
  nowMs += 10_000;
  t.ok(await keys.get({ alg: "ES256", kid: "b" }, { payload: "", signature: "" }), "a new key is looked for");
  state.keys = state.keys.slice(1);
  nowMs += 300_001;
  await t.rejects(find("a"), { code: "ERR_JWKS_NO_MATCHING_KEY" }, "one that was withdrawn is good for five minutes");
  state.keys = [await jwkOf(rsa.publicKey, "a")];
  nowMs += 300_001;
  t.ok(await find("a"));
  state.status = 500;
  nowMs += 3_600_000;
  t.ok(await find("a"), "the known ones are used on");
  nowMs += 24 * 3_600_000;
  await t.rejects(find("a"), unreachable, "but not for ever");
});

t.test("tokens made from tokens: never wider, never longer, and good after a restart", async (t) => {
  const { dataDir } = files(t);
  const settings = { token: "0123456789abcdef", dataDir, maxTokenTtlMs: 600_000 };
  const access = await open(t, settings);
  const admin = await access.authenticate("0123456789abcdef");
  const minted = await access.mint(admin, {
    scopes: ["subscribe:training.*", "publish:task.press.>"],
    subject: "page",
  });
  t.ok(minted.expiresAtMs <= Date.now() + 600_000 && minted.expiresAtMs > Date.now() + 590_000);
  const key = join(dataDir, "access", "minting.key");
  t.equal(statSync(key).mode & 0o777, 0o600);
  t.equal(readFileSync(key).length, 32);
  const grant = await (await open(t, settings)).authenticate(minted.token);
  t.equal(grant.subject, "page");
  t.ok(grant.allows("subscribe", "training.run_1") && grant.allows("publish", "task.press.t1"));
  t.equal(grant.expiresAtMs, minted.expiresAtMs);
  const child = await access.mint(grant, { scopes: ["subscribe:training.run_1"], ttlSeconds: 999_999 });
  t.ok(child.expiresAtMs <= grant.expiresAtMs);
  for (const wider of ["admin", "subscribe", "subscribe:training.>", "publish:task.*.t1", "monitor", "predict:a"])
    await t.rejects(
      access.mint(grant, { scopes: [wider] }),
      { code: "PERMISSION_DENIED", details: { subject: "page" } },
      wider,
    );
  for (const scopes of [[], ["nonsense"], Array(65).fill("monitor")])
    await t.rejects(access.mint(admin, { scopes }), { code: "INVALID_MESSAGE" });
  await t.rejects((await open(t, { dataDir })).mint(admin, { scopes: ["monitor"] }), {
    code: "PERMISSION_DENIED",
    message: /asks for no tokens/,
  });
});

t.test("whatever is asked for, a token made allows nothing that its maker may not", async (t) => {
  const { dataDir } = files(t);
  const access = await open(t, { token: "0123456789abcdef", dataDir });
  const scope = fc.constantFrom(
    "subscribe:a.*",
    "subscribe:a.>",
    "subscribe:a.b",
    "subscribe",
    "publish:a.*",
    "predict:m",
    "predict",
    "monitor",
  );
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(scope), fc.uniqueArray(scope, { minLength: 1 }), async (own, asked) => {
      const scopes = own.map(parseScope);
      const grant = new Grant({ subject: "s", scopes, expiresAtMs: Date.now() + 5000 });
      const made = await access.mint(grant, { scopes: asked }).catch(() => undefined);
      if (!made) return asked.some((one) => !scopes.some((held) => covers(held, parseScope(one))));
      const child = await access.authenticate(made.token);
      return child.expiresAtMs <= grant.expiresAtMs && child.scopes.every((one) => grant.allowsAll(one));
    }),
    { numRuns: 100 },
  );
  t.pass();
});

t.test("verified tokens are remembered for a minute, and so many only", async (t) => {
  const verified = new VerifiedTokens();
  const grant = new Grant({ subject: "s", scopes: [], expiresAtMs: 90_000 });
  verified.add("a", grant, 0);
  t.equal(verified.get("a", 59_999), grant);
  t.equal(verified.get("a", 60_000), undefined);
  verified.add("a", grant, 60_000);
  t.equal(verified.get("a", 90_000), undefined, "not beyond its expiry");
  for (let i = 0; i <= 4096; i += 1) verified.add(`t${i}`, grant, 0);
  t.equal(verified.get("t0", 1), undefined);
  t.equal(verified.get("t1", 1), grant);
});
