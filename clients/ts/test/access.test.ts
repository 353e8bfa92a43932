// How a connection shows its token, renews it, and what it does when it is refused.
import t from "tap";
import type { ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { frameToJson } from "../../../src/wire/json.js";
import { type ConnectionOptions, TidewireClientError, type Token, WebSocketManager } from "../src/index.js";
import { FakeEnvironment } from "./clock.js";
import { until } from "./fake-server.js";

const SHOWN = (token: string) => `{"type":"authenticate","data":{"token":"${token}"}}`;

t.test("a token goes with the upgrade, and by no frame", async (t) => {
  const { manager, environment, socket } = make({ token: "secret" });
  const connecting = manager.connect();
  t.equal(manager.getState(), "connecting", "while its code is loaded");
  (await socket(1)).accept();
  await connecting;
  t.match(environment.socket, { url: "ws://host", subprotocol: "tidewire.v1.json", token: "secret" });
  t.same(environment.socket.sent, []);
});

t.test(
  "a token that no upgrade can carry is the first frame; the connection is open once it is accepted",
  async (t) => {
    const { manager, environment, socket, states } = make({ token: "a/b=" });
    environment.rejects = /[/=]/;
    const connecting = manager.connect();
    const first = await socket(1);
    first.accept();
    t.equal(first.token, undefined);
    t.same(first.sent, [SHOWN("a/b=")]);
    t.notOk(manager.isConnected());
    first.deliver(authenticated());
    await connecting;
    t.same(states, ["connecting", "connected"]);
    const frames: ServerFrame[] = [];
    manager.on("frame", (frame) => frames.push(frame));
    first.deliver(text({ $case: "pong", value: { timestamp: undefined } }));
    t.equal(frames.length, 1, "what follows is told");
    t.ok(manager.send({ id: 1, body: { $case: "ping", value: {} } }));
  },
);

t.test(
  "an upgrade that fails without a word is followed by a first frame, whose refusal is told and final",
  async (t) => {
    const { manager, environment, socket, told } = make({ token: "wrong" });
    const connecting = manager.connect();
    (await socket(1)).end(1006);
    environment.advance(1000);
    const second = await socket(2);
    t.equal(second.token, undefined);
    second.accept();
    t.same(second.sent, [SHOWN("wrong")]);
    second.deliver(refusal("no such token"));
    second.end(4401);
    await t.rejects(connecting, { code: "UNAUTHENTICATED", message: "no such token", retryable: false });
    t.match(told, [
      { willReconnect: true, error: { code: "CONNECTION_FAILED" } },
      { willReconnect: false, error: { code: "UNAUTHENTICATED" } },
    ]);
    t.equal(environment.timers, 0);
    const again = manager.connect();
    (await socket(3)).accept();
    environment.socket.deliver(authenticated());
    await again;
  },
);

t.test("a server that is away is asked as before: the next upgrade after a success carries the token", async (t) => {
  const { manager, environment, socket } = make({ token: "good" });
  const connecting = manager.connect();
  (await socket(1)).end(1006);
  environment.advance(1000);
  (await socket(2)).accept();
  environment.socket.deliver(authenticated());
  await connecting;
  environment.socket.end(1006);
  environment.advance(1000);
  t.equal((await socket(3)).token, "good");
});

t.test("a function is asked at each attempt, and shows how long its token lives", async (t) => {
  const tokens = ["one", "two"];
  const { manager, environment, socket } = make({ token: async () => tokens.shift() ?? "last" });
  const connecting = manager.connect();
  const first = await socket(1);
  t.equal(first.token, "one");
  first.accept();
  await connecting;
  t.same(first.sent, [SHOWN("one")], "which an upgrade does not tell");
  first.end(1006);
  environment.advance(1000);
  t.equal((await socket(2)).token, "two");
});

t.test("a token is renewed before it expires, and asked for again as long as there is no other", async (t) => {
  let token = "one";
  let asked = 0;
  const { manager, environment, socket } = make({
    heartbeatInterval: 0,
    token: () => {
      asked++;
      if (token === "") throw new Error("away");
      return token;
    },
  });
  const connecting = manager.connect();
  (await socket(1)).accept();
  await connecting;
  environment.socket.deliver(authenticated(Date.now() + 400_000));
  environment.advance(290_000);
  t.equal(asked, 1);
  environment.advance(10_001);
  t.equal(asked, 2, "at three quarters");
  await until(() => environment.timers === 1);
  t.equal(environment.socket.sent.length, 1, "the same token is not shown again");
  token = "";
  environment.advance(environment.next ?? 0);
  await until(() => environment.timers === 1);
  t.equal(asked, 3, "a function that throws is asked again");
  token = "two";
  environment.advance(environment.next ?? 0);
  await until(() => environment.socket.sent.length === 2);
  t.equal(environment.socket.sent[1], SHOWN("two"));
  environment.socket.deliver(authenticated(Date.now() + 400_000));
  t.equal(environment.timers, 1);
  environment.socket.deliver(authenticated(Date.now() - 1));
  t.equal(environment.timers, 0, "what this clock calls expired is left to the server");
  t.ok(manager.isConnected());
});

t.test("a renewal that comes when the connection has gone belongs to nobody", async (t) => {
  let give = (_token: string) => {};
  let asked = 0;
  const token = () => (asked++ === 1 ? new Promise<string>((resolve) => (give = resolve)) : `token-${asked}`);
  const { manager, environment, socket } = make({ heartbeatInterval: 0, token });
  const connecting = manager.connect();
  (await socket(1)).accept();
  await connecting;
  environment.socket.deliver(authenticated(Date.now() + 4000));
  environment.advance(3001);
  environment.socket.end(1006);
  environment.advance(1000);
  const second = await socket(2);
  second.accept();
  give("late");
  await new Promise((resolve) => setImmediate(resolve));
  t.same(second.sent, [SHOWN("token-3")]);
});

t.test("4401 is followed by one attempt with a fresh token; its refusal is the last", async (t) => {
  const tokens = ["one", "two", "three", "four"];
  const { manager, environment, socket, told } = make({ token: () => tokens.shift() ?? "" });
  const connecting = manager.connect();
  (await socket(1)).accept();
  await connecting;
  environment.socket.deliver(refusal("expired"));
  environment.socket.end(4401);
  t.match(told, [{ type: "disconnected", code: 4401, willReconnect: true, error: { code: "CONNECTION_LOST" } }]);
  t.ok(told[0]?.error.retryable, "what was in flight may be sent again");
  environment.advance(1000);
  (await socket(2)).accept();
  t.ok(manager.isConnected(), "the fresh one was good");
  environment.socket.end(4401);
  environment.advance(1000);
  const third = await socket(3);
  third.onerror?.({
    error: Object.assign(new Error("no"), { code: "UNAUTHENTICATED", details: {}, retryable: false }),
  });
  third.end(1006);
  t.match(told.at(-1), { type: "connection_error", willReconnect: false, error: { code: "UNAUTHENTICATED" } });
  t.equal(manager.getState(), "disconnected");
  t.equal(environment.timers, 0);
});

t.test("the token that was refused is not shown a second time", async (t) => {
  const { manager, environment, socket, told } = make({ token: () => "same" });
  const connecting = manager.connect();
  (await socket(1)).accept();
  await connecting;
  environment.socket.deliver(refusal("expired"));
  environment.socket.end(4401);
  environment.advance(1000);
  await until(() => manager.getState() === "disconnected");
  t.equal(environment.sockets.length, 1);
  t.match(told.at(-1), { willReconnect: false, error: { code: "UNAUTHENTICATED", message: "expired" } });
  const again = manager.connect();
  (await socket(2)).accept();
  await again;
});

t.test("no token is none: the server asks for it, and the connection ends", async (t) => {
  const { manager, environment, socket, told } = make({ token: () => "" });
  const connecting = manager.connect();
  const first = await socket(1);
  t.equal(first.token, undefined);
  first.accept();
  await connecting;
  t.same(first.sent, []);
  first.end(4401);
  environment.advance(1000);
  await until(() => manager.getState() === "disconnected");
  t.match(told.at(-1), { error: { code: "UNAUTHENTICATED", message: "the server wants a valid token" } });
});

t.test("4403 ends for good, whatever the token", async (t) => {
  const { manager, environment, socket, told } = make({ token: () => "narrow" });
  const connecting = manager.connect();
  (await socket(1)).accept();
  await connecting;
  environment.socket.end(4403);
  t.match(told, [{ code: 4403, willReconnect: false }]);
  t.equal(environment.timers, 0);
});

t.test("a function that throws is an attempt that failed; what it says is final ends it", async (t) => {
  const failures: Error[] = [new Error("no network"), new TidewireClientError("UNAUTHENTICATED", "signed out")];
  const { manager, environment, told } = make({
    token: () => {
      throw failures.shift() ?? new Error("asked too often");
    },
  });
  const connecting = manager.connect();
  await until(() => manager.getState() === "reconnecting");
  t.match(told, [{ willReconnect: true, error: { code: "CONNECTION_FAILED", message: /no token: no network/ } }]);
  environment.advance(1000);
  await t.rejects(connecting, { code: "UNAUTHENTICATED", message: "signed out" });
  t.equal(environment.sockets.length, 0);
});

t.test("whoever disconnects while a token is awaited is not connected", async (t) => {
  let give = (_token: string) => {};
  let asked = false;
  const { manager, environment } = make({
    token: () => {
      asked = true;
      return new Promise<string>((resolve) => (give = resolve));
    },
  });
  manager.connect().catch(() => undefined);
  await until(() => asked);
  await manager.disconnect();
  t.equal(manager.getState(), "disconnected");
  give("late");
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(environment.sockets.length, 0);
});

t.test("a token that does not come in time is an attempt that failed", async (t) => {
  const { manager, environment, told } = make({ connectionTimeout: 3000, token: () => new Promise<string>(() => {}) });
  manager.connect().catch(() => undefined);
  environment.advance(3000);
  t.equal(manager.getState(), "reconnecting");
  t.match(told, [{ error: { message: /not open within 3000 ms/ } }]);
});

t.test("an address that the platform refuses is not tried again, with a token neither", async (t) => {
  const { manager, environment } = make({ token: "secret" });
  environment.refusal = new SyntaxError("bad url");
  await t.rejects(manager.connect(), { code: "CONNECTION_FAILED", cause: environment.refusal });
  t.equal(manager.getState(), "disconnected");
  t.equal(environment.timers, 0);
});

for (const { code, retryable } of [
  { code: "PERMISSION_DENIED", retryable: false },
  { code: "RATE_LIMITED", retryable: true },
]) {
  for (const token of [undefined, "secret"]) {
    t.test(`an upgrade refused with ${code} is told, ${token ? "with a token" : "without one"}`, async (t) => {
      const { manager, environment, socket, told } = make({ token });
      manager.connect().catch(() => undefined);
      const first = await socket(1);
      const said = { code, details: { scope: "x" }, retryable, retryAfterMs: retryable ? 7000 : undefined };
      first.onerror?.({ error: Object.assign(new Error("why"), said) });
      first.onerror?.({ error: new Error("closed before it was open") });
      first.end(1006);
      t.match(told, [
        { willReconnect: retryable, error: { code, message: "why", details: { scope: "x" }, retryable } },
      ]);
      t.equal(environment.next, retryable ? 7500 : undefined, "the time that it asks for, and the usual wait");
    });
  }
}

function make(options: Partial<ConnectionOptions> & { readonly token?: Token | undefined }) {
  const environment = new FakeEnvironment();
  const manager = new WebSocketManager({ url: "ws://host", encoding: "json", ...options }, environment);
  const told: { readonly error: TidewireClientError; readonly willReconnect: boolean }[] = [];
  const states: string[] = [];
  manager.onConnectionState((state) => states.push(state));
  manager.on("disconnected", (event) => told.push(event)).on("connection_error", (event) => told.push(event));
  /** The n-th socket, once it is there: the code of tokens is loaded, and the function asked. */
  const socket = async (count: number) => {
    await until(() => environment.sockets.length >= count);
    return environment.socket;
  };
  return { environment, manager, told, states, socket };
}

function authenticated(expiresMs?: number): string {
  const expiresAt = expiresMs === undefined ? undefined : { seconds: Math.floor(expiresMs / 1000), nanos: 0 };
  return text({ $case: "authenticated", value: { subject: "s", scopes: ["admin"], expiresAt } });
}

function refusal(message: string): string {
  return text({ $case: "error", value: { errorCode: 24, message, details: undefined, retryable: false } });
}

function text(body: NonNullable<ServerFrame["body"]>): string {
  return JSON.stringify(frameToJson("ServerFrame", { id: 0, body }));
}
