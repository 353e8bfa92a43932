import t from "tap";
import type { ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { frameToJson } from "../../../src/wire/json.js";
import type { ConnectionState } from "../src/connection/events.js";
import { type ConnectionOptions, WebSocketManager } from "../src/index.js";
import { FakeEnvironment } from "./clock.js";

const PONG = text({ id: 0, body: { $case: "pong", value: { timestamp: undefined } } });

t.test("connects, and tells so once", async (t) => {
  const { manager, environment, states } = make({ url: "http://host/x" });
  const connected = manager.connect();
  t.equal(manager.connect() instanceof Promise, true, "a second call joins the first");
  t.equal(environment.sockets.length, 1);
  t.match(environment.socket, { url: "ws://host/x", subprotocol: "tidewire.v1.json" });
  t.equal(environment.socket.token, undefined);
  t.equal(environment.socket.binaryType, "arraybuffer");
  environment.socket.accept();
  await connected;
  await manager.connect();
  t.ok(manager.isConnected());
  t.same(states, ["connecting", "connected"]);
});

t.test("a manual close never reconnects, and resolves when the socket is closed", async (t) => {
  const { manager, environment, states, told } = await connected();
  const closed = manager.disconnect();
  t.equal(manager.getState(), "disconnecting");
  t.equal(environment.socket.closedWith, 1000);
  environment.socket.end(1000);
  await closed;
  environment.advance(1e6);
  t.equal(environment.sockets.length, 1);
  t.same(states.slice(-2), ["disconnecting", "disconnected"]);
  t.match(told, [{ type: "disconnected", willReconnect: false, error: { code: "CLIENT_CLOSED" } }]);
  await manager.disconnect();
});

t.test("a peer that does not answer the close is left after 2 s", async (t) => {
  const { manager, environment } = await connected();
  const closed = manager.disconnect();
  environment.advance(2000);
  await closed;
  t.equal(manager.getState(), "disconnected");
  t.equal(environment.timers, 0);
});

for (const code of [4000, 4008, 4399, 1001, 1006, 1011, 5000]) {
  t.test(`close code ${code} comes back`, async (t) => {
    const { manager, environment, told } = await connected();
    environment.socket.end(code, "why");
    t.equal(manager.getState(), "reconnecting");
    t.match(told, [
      { type: "disconnected", code, reason: "why", willReconnect: true, error: { code: "CONNECTION_LOST" } },
    ]);
    environment.advance(500);
    environment.socket.accept();
    t.equal(environment.sockets.length, 2);
    t.ok(manager.isConnected());
  });
}

for (const code of [4400, 4401, 4404, 4999]) {
  t.test(`close code ${code} does not come back by itself, only when asked`, async (t) => {
    const { manager, environment, told } = await connected();
    environment.socket.deliver(text({ id: 0, body: refusal("SESSION_NOT_FOUND", 15) }));
    environment.socket.end(code);
    environment.advance(1e6);
    t.equal(manager.getState(), "disconnected");
    t.match(told, [{ willReconnect: false, error: { code: "SESSION_NOT_FOUND", message: "SESSION_NOT_FOUND!" } }]);
    const again = manager.connect();
    environment.socket.accept();
    await again;
  });
}

t.test("waits longer with each attempt, up to the limit, and gives up after the last", async (t) => {
  const { manager, environment, told } = make({ maxReconnectAttempts: 7, maxReconnectDelay: 20_000 });
  const connecting = manager.connect();
  const waits: (number | undefined)[] = [];
  while (manager.getState() !== "disconnected") {
    environment.socket.end(1006);
    waits.push(environment.next);
    environment.advance(environment.next ?? 0);
  }
  t.same(waits, [500, 1000, 2000, 4000, 8000, 10_000, 10_000, undefined], "half of 1 s, doubled, at most half of 20 s");
  await t.rejects(connecting, { code: "CONNECTION_FAILED", retryable: true });
  t.same(
    told.map((event) => "willReconnect" in event && event.willReconnect),
    [true, true, true, true, true, true, true, false],
  );
});

t.test("a server that accepts and closes at once is not asked faster; a useful frame starts anew", async (t) => {
  const { environment } = await connected();
  const wait = () => {
    environment.socket.end(1011);
    const next = environment.next;
    environment.advance(next ?? 0);
    environment.socket.accept();
    return next;
  };
  t.same([wait(), wait(), wait()], [500, 1000, 2000]);
  environment.socket.deliver(text({ id: 0, body: refusal("OVERLOADED", 29) }));
  t.equal(wait(), 4000);
  environment.socket.deliver(PONG);
  t.equal(wait(), 500);
});

t.test("an attempt that takes too long is dropped", async (t) => {
  const { manager, environment, told } = make({ connectionTimeout: 3000 });
  manager.connect();
  environment.advance(3000);
  t.equal(manager.getState(), "reconnecting");
  t.ok(environment.socket.closedWith);
  t.match(told, [{ type: "connection_error", error: { message: /not open within 3000 ms/ } }]);
  environment.sockets[0]?.accept();
  t.equal(manager.getState(), "reconnecting", "the dropped socket counts no more");
});

t.test("pings, tells the round trip, and replaces a connection that is silent", async (t) => {
  const { manager, environment, told } = await connected({ heartbeatInterval: 1000 });
  environment.advance(1000);
  t.same(environment.socket.sent, ['{"type":"ping"}']);
  environment.advance(7);
  environment.socket.deliver(PONG);
  t.same(told.pop(), { type: "heartbeat", latencyMs: 7 });
  environment.advance(993);
  t.equal(environment.socket.sent.length, 2, "a second ping");
  environment.advance(999);
  t.ok(manager.isConnected());
  environment.advance(1);
  t.equal(manager.getState(), "reconnecting");
  t.match(told, [{ type: "disconnected", willReconnect: true, error: { message: /no frame within 1000 ms/ } }]);
  t.equal(environment.sockets[0]?.closedWith, 4000);
});

t.test("any frame is a sign of life; 0 asks for none", async (t) => {
  const busy = await connected({ heartbeatInterval: 1000 });
  for (let i = 0; i < 5; i++) {
    busy.environment.advance(1000);
    busy.environment.socket.deliver(text({ id: 9, body: refusal("INTERNAL_ERROR", 10) }));
  }
  t.ok(busy.manager.isConnected());
  const silent = await connected({ heartbeatInterval: 0 });
  silent.environment.advance(1e9);
  t.ok(silent.manager.isConnected());
  t.same(silent.environment.socket.sent, []);
});

t.test("reconnect() replaces the connection at once, from every state", async (t) => {
  const open = await connected();
  const replaced = open.manager.reconnect();
  t.equal(open.environment.sockets.length, 2);
  open.environment.sockets[0]?.end(1000);
  open.environment.socket.accept();
  await replaced;
  t.same(open.states, ["connecting", "connected", "reconnecting", "connected"]);

  const closing = await connected();
  const closed = closing.manager.disconnect();
  const back = closing.manager.reconnect();
  await closed;
  closing.environment.socket.accept();
  await back;
  t.ok(closing.manager.isConnected());
});

t.test("reconnect: false ends with the first cut", async (t) => {
  const { manager, environment, told } = await connected({ reconnect: false });
  environment.socket.end(1006);
  t.equal(manager.getState(), "disconnected");
  t.match(told, [{ willReconnect: false }]);
});

t.test("an address that the platform refuses is not tried again", async (t) => {
  const { manager, environment } = make({});
  environment.refusal = new SyntaxError("bad url");
  await t.rejects(manager.connect(), { code: "CONNECTION_FAILED", cause: environment.refusal });
  t.equal(manager.getState(), "disconnected");
});

t.test("one listener's exception never reaches another", async (t) => {
  const { manager, environment } = make({});
  const thrown = new Error("mine");
  const errors: unknown[] = [];
  const calls: string[] = [];
  manager.on("error", (error) => errors.push(error));
  manager.on("connected", () => {
    throw thrown;
  });
  manager.on("connected", () => calls.push("second"));
  manager.onConnectionState(() => {
    throw thrown;
  });
  const connecting = manager.connect();
  environment.socket.accept();
  await connecting;
  t.same(calls, ["second"]);
  t.same(errors, [thrown, thrown, thrown]);
});

t.test("without an error listener, or when that one throws, the console has it", async (t) => {
  const logged = t.capture(console, "error", () => {});
  const { manager, environment } = await connected();
  environment.socket.deliver("no frame");
  t.match(logged.args(), [[{ code: "INVALID_FRAME" }]]);
  manager.on("error", () => {
    throw new Error("broken listener");
  });
  environment.socket.deliver("no frame");
  t.match(logged.args(), [[{ message: "broken listener" }]]);
});

t.test("listeners that were removed are not called", async (t) => {
  const { manager, environment } = await connected();
  const frames: ServerFrame[] = [];
  const listener = (frame: ServerFrame) => frames.push(frame);
  const stateListener = () => t.fail("removed");
  manager.on("frame", listener).onConnectionState(stateListener).offConnectionState(stateListener);
  environment.socket.deliver(PONG);
  manager.off("frame", listener);
  environment.socket.deliver(PONG);
  t.equal(frames.length, 1);
  manager.disconnect();
});

t.test("send tells whether there is a connection", async (t) => {
  const { manager, environment } = await connected({ encoding: "proto" });
  const ping = { id: 3, body: { $case: "ping", value: {} } } as const;
  t.ok(manager.send(ping));
  t.same(environment.socket.sent, [Uint8Array.of(0x08, 0x03, 0x52, 0x00)]);
  environment.socket.end(1006);
  t.notOk(manager.send(ping));
});

function make(options: Partial<ConnectionOptions>) {
  const environment = new FakeEnvironment();
  const manager = new WebSocketManager({ url: "ws://host", encoding: "json", ...options }, environment);
  const states: ConnectionState[] = [];
  const told: object[] = [];
  manager.onConnectionState((state) => states.push(state));
  for (const type of ["disconnected", "connection_error", "heartbeat"] as const) manager.on(type, (e) => told.push(e));
  return { environment, manager, states, told };
}

async function connected(options: Partial<ConnectionOptions> = {}) {
  const made = make(options);
  const connecting = made.manager.connect();
  made.environment.socket.accept();
  await connecting;
  return made;
}

function refusal(code: string, errorCode: 10 | 15 | 29): NonNullable<ServerFrame["body"]> {
  const value = { errorCode, message: `${code}!`, details: undefined, retryable: false };
  return { $case: "error", value };
}

function text(frame: ServerFrame): string {
  return JSON.stringify(frameToJson("ServerFrame", frame));
}
