// Tokens over real sockets: how they are shown, what they allow, and how they end.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import WebSocket from "ws";
import { ClientFrame, ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { digestOf } from "../../src/access/digest.js";
import { serve } from "./support/serve.js";

const ADMIN = "admin-token-0123456789abcdef";
const READER = "reader-token";
const TRAINER = "trainer-token";

/** Rows of a token file, by token. */
function tokenFile(rows: Readonly<Record<string, { scopes: string[]; expires_at?: string }>>): string {
  const tokens = Object.entries(rows).map(([token, row]) => {
    return { name: token.replace("-token", ""), sha256: digestOf(token).toString("hex"), ...row };
  });
  return JSON.stringify({ tokens });
}

const ROWS = {
  [READER]: { scopes: ["subscribe:training.*", "predict:gas_turbine"] },
  [TRAINER]: { scopes: ["publish:training.run_1", "subscribe:training.run_1"] },
};

/** A server that asks for tokens. */
async function guarded(t: Test, flags: object = {}, rows: Parameters<typeof tokenFile>[0] = ROWS) {
  const folder = mkdtempSync(join(tmpdir(), "tidewire-access-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "tokens.json");
  writeFileSync(path, tokenFile(rows));
  const access = { token: ADMIN, tokenFile: path, eventLog: "memory" };
  const { url } = await serve(t, { models: ["gas_turbine"], flags: { ...access, ...flags } });
  const call = async (
    method: string,
    way: string,
    token?: string,
    body?: object,
    more: Record<string, string> = {},
  ) => {
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { "content-type": "application/json" }),
      ...more,
    };
    const reply = await fetch(url + way, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await reply.text();
    return { status: reply.status, headers: reply.headers, body: text === "" ? {} : JSON.parse(text) };
  };
  return { url, call, replace: (changed: Parameters<typeof tokenFile>[0]) => writeFileSync(path, tokenFile(changed)) };
}

/** A WebSocket that keeps what it is told until it is asked for. */
class Peer {
  readonly socket: WebSocket;
  readonly #told: (object | { closed: number })[] = [];
  #heard: () => void = () => undefined;

  constructor(
    t: Test,
    url: string,
    way = "/ws",
    protocols = ["tidewire.v1.json"],
    headers: Record<string, string> = {},
  ) {
    this.socket = new WebSocket(url.replace("http", "ws") + way, protocols, { headers });
    this.socket.on("message", (data: Buffer, isBinary) =>
      this.#take(isBinary ? ServerFrame.decode(data) : JSON.parse(data.toString())),
    );
    this.socket.on("close", (closed) => this.#take({ closed }));
    this.socket.on("error", () => undefined);
    t.teardown(() => this.socket.terminate());
  }

  #take(told: object): void {
    this.#told.push(told);
    this.#heard();
  }

  async open(): Promise<this> {
    await once(this.socket, "open");
    return this;
  }

  say(...frames: readonly (object | string | Uint8Array)[]): void {
    for (const frame of frames)
      this.socket.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame));
  }

  async next(count: number): Promise<readonly object[]> {
    while (this.#told.length < count)
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    return this.#told.splice(0, count);
  }
}

const authenticate = (token: string, id = 1) => ({ type: "authenticate", id, data: { token } });
const error = (error_code: string, id?: number) => ({ type: "error", error_code, ...(id && { id }) });

/** The reply to an upgrade that is refused. */
async function refusedUpgrade(
  t: Test,
  url: string,
  headers: Record<string, string>,
  way = "/ws",
): Promise<{ status: number | undefined; reply: IncomingMessage }> {
  const handshake = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const call = request(url + way, { headers: { ...handshake, ...headers } });
  t.teardown(() => call.destroy());
  call.on("error", () => undefined).end();
  const [reply] = (await once(call, "response")) as [IncomingMessage];
  reply.resume();
  return { status: reply.statusCode, reply };
}

t.test("HTTP: without a token, with a wrong one, without the scope, with it", async (t) => {
  const { call } = await guarded(t);
  const way = "/api/v1/training/logs/session";
  const body = { experiment_id: "run_1" };
  const none = await call("POST", way, undefined, body);
  t.match(none, { status: 401, body: { error_code: "UNAUTHENTICATED" } });
  t.equal(none.headers.get("www-authenticate"), 'Bearer realm="tidewire"');
  t.match(await call("POST", way, "wrong", body), { status: 401, body: { message: /not known here/ } });
  const denied = await call("POST", way, READER, body);
  t.match(denied, {
    status: 403,
    body: { error_code: "PERMISSION_DENIED", details: { needs: "publish:training.run_1" } },
  });
  t.match(denied.headers.get("www-authenticate"), /error="insufficient_scope", scope="publish:training.run_1"/);
  t.match(await call("POST", way, TRAINER, body), { status: 201 });
  t.match(await call("GET", "/api/v1/training/logs/run_1/info", TRAINER), { status: 200 });
  t.match(
    await call("GET", "/api/v1/training/logs/run_2/info", TRAINER),
    { status: 403 },
    "not 404: it says nothing of it",
  );
  t.match(await call("GET", "/api/v1/training/logs/run_1/info"), {
    status: 401,
    body: { details: { needs: "subscribe:training.run_1" } },
  });
});

t.test("listings show what the grant covers, and health the rest its state", async (t) => {
  const { call } = await guarded(t);
  for (const experiment_id of ["run_1", "run_2"])
    await call("POST", "/api/v1/training/logs/session", ADMIN, { experiment_id });
  const ids = async (token: string) =>
    (await call("GET", "/api/v1/training/logs/sessions", token)).body.sessions.map(
      ({ experiment_id }: { experiment_id: string }) => experiment_id,
    );
  t.same(await ids(READER), ["run_1", "run_2"]);
  t.same(await ids(TRAINER), ["run_1"]);
  const topics = await call("GET", "/api/v1/topics?limit=1", TRAINER);
  t.match(topics.body, { topics: [{ topic: "training.run_1" }] });
  t.notOk("next" in topics.body);
  t.same((await call("GET", "/api/v1/ensemble/list", TRAINER)).body.ensembles, []);
  t.same((await call("GET", "/health")).body.ensembles, []);
  t.match(await call("GET", "/health", "wrong"), { status: 200, body: { status: "ok" } });
  t.same((await call("GET", "/health", READER)).body.ensembles, ["gas_turbine"]);
});

t.test("a token is shown in the header, as a subprotocol, or in the first frame", async (t) => {
  const { url } = await guarded(t);
  const ways = [
    new Peer(t, url, "/ws", ["tidewire.v1.json"], { authorization: `Bearer ${READER}` }),
    new Peer(t, url, "/ws", ["tidewire.v1.json", `tidewire.bearer.${READER}`]),
    new Peer(t, url),
  ];
  for (const peer of ways) await peer.open();
  for (const { socket } of ways) t.equal(socket.protocol, "tidewire.v1.json", "the token is not echoed");
  ways[2]?.say(authenticate(READER, 9));
  t.match(await ways[2]?.next(1), [
    { type: "authenticated", id: 9, subject: "reader", scopes: ["subscribe:training.*", "predict:gas_turbine"] },
  ]);
  for (const peer of ways) {
    peer.say(
      { type: "config", id: 1, data: { ensemble_name: "gas_turbine" } },
      { type: "subscribe", id: 2, data: { topic: "training.>" } },
    );
    t.match(await peer.next(2), [{ type: "config_ack", id: 1 }, error("PERMISSION_DENIED", 2)]);
  }
});

t.test("binary: the first frame, and what was said right behind it", async (t) => {
  const { url } = await guarded(t);
  const peer = await new Peer(t, url, "/ws", ["tidewire.v1.proto"]).open();
  const frame = (id: number, body: ClientFrame["body"]) => ClientFrame.encode({ id, body }).finish();
  peer.say(frame(1, { $case: "authenticate", value: { token: TRAINER } }), frame(2, { $case: "ping", value: {} }));
  t.match(await peer.next(2), [
    { id: 1, body: { $case: "authenticated", value: { subject: "trainer" } } },
    { id: 2, body: { $case: "pong" } },
  ]);
});

t.test(
  "a wrong token ends the upgrade before it begins, none at all the connection after its first frame",
  async (t) => {
    const { url } = await guarded(t);
    const protocol = { "sec-websocket-protocol": "tidewire.v1.json, tidewire.bearer.wrong" };
    for (const headers of [{ authorization: "Bearer wrong" }, protocol]) {
      const { status, reply } = await refusedUpgrade(t, url, headers);
      t.equal(status, 401);
      t.match(reply.headers["www-authenticate"], /^Bearer/);
    }
    const firsts: (object | string)[] = [
      { type: "ping", id: 3 },
      authenticate("wrong", 3),
      "no JSON",
      { type: "nothing" },
      "x".repeat(10_000),
    ];
    for (const first of firsts) {
      const peer = await new Peer(t, url).open();
      peer.say(first);
      t.match(await peer.next(2), [error("UNAUTHENTICATED"), { closed: 4401 }], JSON.stringify(first).slice(0, 40));
    }
  },
);

t.test("a first frame that is large is not read", async (t) => {
  const { url } = await guarded(t);
  const peer = await new Peer(t, url).open();
  peer.say(authenticate("x".repeat(20_000)));
  t.match(await peer.next(1), [{ closed: 1009 }]);
  const admitted = await new Peer(t, url).open();
  admitted.say(authenticate(ADMIN));
  await admitted.next(1);
  admitted.say({
    type: "publish",
    id: 2,
    data: { topic: "training.r", type: "log", data: { message: "x".repeat(60_000), level: "INFO" } },
  });
  t.match(await admitted.next(1), [{ id: 2, error_code: "SESSION_NOT_FOUND" }], "later ones are");
});

t.test("who shows no token in time is told so, and only so many may take their time", async (t) => {
  const { url } = await guarded(t, { authTimeoutMs: "100", maxUnauthenticated: "1" });
  const peer = await new Peer(t, url).open();
  const { status, reply } = await refusedUpgrade(t, url, {});
  t.equal(status, 503);
  t.equal(reply.headers["retry-after"], "1");
  await new Peer(t, url, "/ws", ["tidewire.v1.json"], { authorization: `Bearer ${READER}` }).open();
  t.match(await peer.next(2), [{ message: /within 100 ms/, ...error("UNAUTHENTICATED") }, { closed: 4401 }]);
  await new Peer(t, url).open();
});

t.test("a path that subscribes needs the scope, and says nothing of what is there", async (t) => {
  const { url, call } = await guarded(t);
  await call("POST", "/api/v1/training/logs/session", ADMIN, { experiment_id: "run_1" });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const open = (way: string, token: string) => new Peer(t, url, way, ["tidewire.v1.json"], bearer(token));
  t.match(await open("/api/v1/ws/training/run_1", TRAINER).next(1), [{ type: "connected", topic: "training.run_1" }]);
  for (const way of ["/api/v1/ws/training/run_2", "/api/v1/ws/system", "/api/v1/models/training-progress"])
    t.match(await open(way, TRAINER).next(2), [error("PERMISSION_DENIED"), { closed: 4403 }], way);
  t.match(await open("/api/v1/ws/training/none", READER).next(2), [error("SESSION_NOT_FOUND"), { closed: 4404 }]);
  const late = await new Peer(t, url, "/api/v1/ws/training/run_1").open();
  late.say(authenticate(TRAINER));
  t.match(await late.next(2), [{ type: "authenticated" }, { type: "connected" }], "greeted once it is known");
});

t.test("a token that ends, ends its connections; another shown before carries them on", async (t) => {
  const expires_at = new Date(Date.now() + 1500).toISOString();
  const rows = { ...ROWS, "short-token": { scopes: ["subscribe:training.*", "publish:training.*"], expires_at } };
  const { url, call } = await guarded(t, {}, rows);
  await call("POST", "/api/v1/training/logs/session", ADMIN, { experiment_id: "run_1" });
  const [ends, goesOn] = [await new Peer(t, url).open(), await new Peer(t, url).open()];
  for (const peer of [ends, goesOn]) {
    peer.say(authenticate("short-token"), { type: "subscribe", id: 2, data: { topic: "training.run_1" } });
    t.match(await peer.next(2), [{ type: "authenticated", expires_at }, { type: "subscribed" }]);
  }
  goesOn.say(authenticate("wrong", 3), authenticate(READER, 4));
  const answers = await goesOn.next(2);
  t.match(
    answers.find((answer) => "error_code" in answer),
    { error_code: /UNAUTHENTICATED|TOO_MANY_REQUESTS/ },
  );
  goesOn.say(authenticate(READER, 5));
  t.match(await goesOn.next(1), [{ type: "authenticated", id: 5, subject: "reader" }]);
  t.match(await ends.next(2), [{ ...error("UNAUTHENTICATED"), message: /expired at/ }, { closed: 4401 }]);
  await call("POST", "/api/v1/training/logs/run_1/log", ADMIN, { level: "INFO", message: "after" });
  t.match(await goesOn.next(1), [{ type: "log", data: { message: "after" } }]);
});

t.test("a token that allows less ends what it does not allow", async (t) => {
  const { url, call } = await guarded(t);
  await call("POST", "/api/v1/training/logs/session", ADMIN, { experiment_id: "run_1" });
  const peer = await new Peer(t, url, "/ws", ["tidewire.v1.json"], { authorization: `Bearer ${ADMIN}` }).open();
  peer.say(
    { type: "config", id: 1, data: { ensemble_name: "gas_turbine" } },
    { type: "subscribe", id: 2, data: { topic: "training.*" } },
    { type: "subscribe", id: 3, data: { topic: "training.run_1" } },
  );
  await peer.next(3);
  peer.say(authenticate(TRAINER, 4));
  t.match(await peer.next(3), [
    { type: "authenticated", id: 4 },
    { ...error("PERMISSION_DENIED"), details: { needs: "subscribe:training.*" } },
    { ...error("PERMISSION_DENIED"), details: { needs: "predict:gas_turbine" } },
  ]);
  peer.say({ type: "predict", id: 5, data: { values: [23.5, 1013.2, 77.1, 3.9, 25.5] } });
  t.match(await peer.next(1), [error("MISSING_ENSEMBLE", 5)]);
  peer.say({
    type: "publish",
    id: 6,
    data: { topic: "training.run_1", type: "log", data: { message: "m", level: "INFO" } },
  });
  const told = await peer.next(2);
  t.match(
    told.find((frame) => "type" in frame && frame.type === "log"),
    { topic: "training.run_1" },
    "the other goes on",
  );
});

t.test("a token that is taken out of the file ends its connections", async (t) => {
  const { url, replace } = await guarded(t);
  const peer = await new Peer(t, url, "/ws", ["tidewire.v1.json"], { authorization: `Bearer ${READER}` }).open();
  replace({ [TRAINER]: ROWS[TRAINER] as { scopes: string[] } });
  t.match(await peer.next(2), [{ ...error("UNAUTHENTICATED"), message: /no longer valid/ }, { closed: 4401 }]);
});

t.test("on a server that asks for no token, one that is shown is welcome", async (t) => {
  const { url } = await serve(t, { models: [], flags: { eventLog: "memory" } });
  const peer = await new Peer(t, url, "/ws", ["tidewire.v1.json", "tidewire.bearer.abc"], {
    authorization: "Bearer x",
  }).open();
  peer.say(authenticate("anything"));
  t.match(await peer.next(1), [{ type: "authenticated", subject: "anonymous", scopes: ["admin"] }]);
  t.equal((await fetch(`${url}/api/v1/topics`, { headers: { authorization: "Bearer x" } })).status, 200);
});

t.test("a token made from one's own: for less, for a while, over HTTP", async (t) => {
  const { url, call } = await guarded(t);
  t.match(await call("POST", "/api/v1/tokens", undefined, { scopes: ["monitor"] }), { status: 401 });
  const refused = await call("POST", "/api/v1/tokens", READER, {
    scopes: ["subscribe:training.run_1", "publish:training.run_1"],
  });
  t.match(refused, { status: 403, body: { details: { needs: "publish:training.run_1" } } });
  t.match(await call("POST", "/api/v1/tokens", READER, { scopes: ["everything"] }), {
    status: 400,
    body: { error_code: "INVALID_MESSAGE" },
  });
  const asked = { scopes: ["subscribe:training.run_1"], ttl_seconds: 2, subject: "page" };
  const made = await call("POST", "/api/v1/tokens", READER, asked);
  t.match(made, { status: 201, body: { subject: "page", scopes: ["subscribe:training.run_1"], expires_at: /Z$/ } });
  t.equal(made.headers.get("cache-control"), "no-store");
  t.match(await call("GET", "/api/v1/training/logs/run_2/info", made.body.token), { status: 403 });
  const peer = await new Peer(t, url, "/ws", ["tidewire.v1.json", `tidewire.bearer.${made.body.token}`]).open();
  peer.say({ type: "subscribe", id: 1, data: { topic: "training.run_1" } });
  t.match(await peer.next(3), [{ type: "subscribed" }, error("UNAUTHENTICATED"), { closed: 4401 }], "and then it ends");
});

t.test("a stream of Server-Sent Events needs the scope of each topic, and ends with its token", async (t) => {
  const expires_at = new Date(Date.now() + 1000).toISOString();
  const { url, call } = await guarded(
    t,
    {},
    { ...ROWS, "short-token": { scopes: ["subscribe:training.*"], expires_at } },
  );
  const way = "/api/v1/events/stream?topic=training.*";
  t.match(await call("GET", way), { status: 401 });
  t.match(await call("GET", way, TRAINER), { status: 403, body: { details: { needs: "subscribe:training.*" } } });
  const reply = await fetch(url + way, { headers: { authorization: "Bearer short-token" } });
  t.equal(reply.status, 200);
  t.match(await reply.text(), /"type":"subscribed"[\s\S]*"type":"error","error_code":"UNAUTHENTICATED"/);
});

t.test("the folder of the server's own keys is out of every client's reach", async (t) => {
  const { call } = await guarded(t);
  await call("POST", "/api/v1/tokens", ADMIN, { scopes: ["monitor"] });
  const body = { ensemble_name: "gas_turbine", path: "access/minting.key" };
  t.match(await call("POST", "/api/v1/evaluations", ADMIN, body), {
    status: 400,
    body: { error_code: "INVALID_PATH" },
  });
});
