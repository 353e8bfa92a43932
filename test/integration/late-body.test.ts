// A token that ends between a request's head and the last byte of its body.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { digestOf } from "../../src/access/digest.js";
import { serve } from "./support/serve.js";

const ADMIN = "admin-token-0123456789abcdef";
const TRAINER = "trainer-token";
const ROW = { name: "trainer", sha256: digestOf(TRAINER).toString("hex"), scopes: ["publish:training.run_1"] };

/** A request whose body waits for its last byte. */
async function halfSent(
  t: Test,
  url: string,
  way: string,
  token: string,
  body: object,
): Promise<() => Promise<number>> {
  const text = JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    expect: "100-continue",
  };
  const call = request(url + way, { method: "POST", headers });
  t.teardown(() => call.destroy());
  const replied = once(call, "response");
  call.flushHeaders();
  await once(call, "continue");
  call.write(text.slice(0, 1));
  return async () => {
    call.end(text.slice(1));
    const [reply] = (await replied) as [IncomingMessage];
    reply.resume();
    return reply.statusCode ?? 0;
  };
}

t.test("a token that is taken back while a body is on its way does nothing any more", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tidewire-late-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const tokenFile = join(folder, "tokens.json");
  writeFileSync(tokenFile, JSON.stringify({ tokens: [ROW] }));
  const { url } = await serve(t, { models: [], flags: { token: ADMIN, tokenFile, eventLog: "memory" } });
  const statusOf = async (way: string, token: string) =>
    (await fetch(url + way, { headers: { authorization: `Bearer ${token}` } })).status;
  const mint = await halfSent(t, url, "/api/v1/tokens", TRAINER, { scopes: ["publish:training.run_1"] });
  const event = { topic: "training.run_1", type: "log", data: { message: "late" } };
  const publish = await halfSent(t, url, "/api/v1/events", TRAINER, event);
  const create = await halfSent(t, url, "/api/v1/training/logs/session", TRAINER, { experiment_id: "run_1" });
  t.equal(await statusOf("/api/v1/topics", TRAINER), 200, "the heads were seen while the token was good");
  writeFileSync(tokenFile, JSON.stringify({ tokens: [] }));
  while ((await statusOf("/api/v1/topics", TRAINER)) !== 401);
  t.same([await mint(), await publish(), await create()], [401, 401, 401]);
  t.equal(await statusOf("/api/v1/topics/training.run_1", ADMIN), 404, "nothing has happened");
});
