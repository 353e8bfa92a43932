// Tokens against the real server: upgrades, first frames, renewal, HTTP, and what is refused.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { serve } from "../../../test/integration/support/serve.js";
import { ProgressClient, TidewireClient } from "../src/index.js";
import { Gateway } from "./gateway.js";

const ADMIN = "admin-token-of-the-tests";
const READER = "reader/token+of/the/tests==";
const READING = { AT: 23.5, AP: 1013.2, AH: 77.1, AFDP: 3.9, GTEP: 25.5 };

const folder = mkdtempSync(join(tmpdir(), "tidewire-tokens-"));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

async function start(t: Test) {
  const tokenFile = join(folder, "tokens.json");
  const row = (name: string, token: string, scopes: readonly string[]) => ({ name, sha256: sha256(token), scopes });
  const tokens = [row("admin", ADMIN, ["admin"]), row("reader", READER, ["subscribe:training.*"])];
  writeFileSync(tokenFile, JSON.stringify({ tokens }));
  const { url } = await serve(t, { models: ["gas_turbine"], flags: { eventLog: "memory", tokenFile } });
  const mint = async (ttlSeconds: number) => {
    const response = await fetch(`${url}/api/v1/tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" },
      body: JSON.stringify({ scopes: ["subscribe", "publish"], ttl_seconds: ttlSeconds }),
    });
    return ((await response.json()) as { token: string }).token;
  };
  return { url, mint };
}

t.test("a token opens everything, whatever its letters, and in both encodings", async (t) => {
  const { url } = await start(t);
  for (const encoding of ["proto", "json"] as const) {
    await using client = new TidewireClient({ baseURL: url, token: ADMIN, encoding });
    await using session = client.inference("gas_turbine");
    t.ok((await session.predict(READING)).predictions.TEY);
    t.ok(await client.getProgress().publish(`training.${encoding}`, { type: "status_changed", status: "running" }));
    await using reader = new TidewireClient({ baseURL: url, token: READER, encoding });
    t.equal((await reader.topics.get(`training.${encoding}`)).state.status, "running");
    const seen = new Promise((resolve) => {
      reader.getProgress().subscribe(`training.${encoding}`, { onSnapshot: ({ state }) => resolve(state.status) });
    });
    t.equal(await seen, "running");
    const narrow = reader.inference("gas_turbine");
    await t.rejects(narrow.ready(), { code: "PERMISSION_DENIED", details: { needs: "predict:gas_turbine" } });
    await narrow.close();
  }
});

t.test("a wrong token is told by its code, at once; so is none", async (t) => {
  const { url } = await start(t);
  for (const token of ["no-such-token-here", () => "no-such-token-here", ""]) {
    const session = new TidewireClient({ baseURL: url, token }).inference("gas_turbine");
    await t.rejects(session.ready(), { code: "UNAUTHENTICATED", retryable: false });
    t.match(session.connection.getState(), /^disconnect/, "no further attempt");
  }
});

/** Long enough that a busy machine renews it in time: a quarter of it is left then. */
const TOKEN_S = 5;
/** The third is shown after one and a half of its length. */
const SHOWN = 3;

t.test("a connection outlives its tokens: each is followed by another, and nothing is cut", async (t) => {
  const { url, mint } = await start(t);
  let asked = 0;
  const token = async () => {
    asked++;
    return mint(TOKEN_S);
  };
  await using client = new ProgressClient({ url, token });
  client.connection.on("disconnected", ({ willReconnect }) => willReconnect && t.fail("cut"));
  let renewals = 0;
  const renewed = new Promise<void>((resolve) => {
    client.connection.on("frame", ({ body }) => {
      if (body?.$case === "authenticated" && ++renewals === SHOWN) resolve();
    });
  });
  await client.connect();
  await renewed;
  t.ok(asked >= SHOWN);
  t.ok(await client.publish("training.long", { type: "status_changed", status: "running" }));
});

t.test("where WebSocket does not come through, HTTP shows the token too", async (t) => {
  const { url: direct } = await start(t);
  const { url } = await Gateway.open(t, direct);
  await using client = new ProgressClient({ url, token: () => ADMIN, reconnectDelay: 1 });
  await client.connect();
  t.notOk(client.connection.isConnected());
  await client.publish("training.http", { type: "status_changed", status: "running" });
  const seen = new Promise((resolve) => {
    client.subscribe("training.http", { onSnapshot: ({ state }) => resolve(state.status) });
  });
  t.equal(await seen, "running");
});

t.test("a server that asks for none takes any", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"], flags: { eventLog: "memory" } });
  for (const token of ["whatever-it-may-be", () => "whatever-it-may-be"]) {
    await using session = new TidewireClient({ baseURL: url, token }).inference("gas_turbine");
    t.ok((await session.predict(READING)).predictions.TEY);
  }
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
