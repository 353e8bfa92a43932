// Beats: who is pinged, who is given up. The beats are counted by hand, the socket is real.

import { once } from "node:events";
import type { Socket } from "node:net";
import { type Test, test } from "tap";
import type WebSocket from "ws";
import type { Session } from "../../../src/session/session.js";
import { Traffic } from "../../../src/session/traffic.js";
import { Connection } from "../../../src/ws/connection.js";
import { Turns } from "../../../src/ws/turns.js";
import { CLOSE, frameOf, TEXT } from "../../torture/lib/websocket-bytes.js";
import { openPair } from "./pair.js";

const PING_AFTER = 5;
const CLOSE_AFTER = 12;

/** What a connection asks of its session, kept. */
class Listener {
  readonly heard: (Uint8Array | string)[] = [];
  readonly ends: number[] = [];
  owesAnswers = false;
  closes = 0;

  /** What handling a message takes. */
  work: () => void = () => {};

  receive(message: Uint8Array | string): void {
    this.work();
    this.heard.push(typeof message === "string" ? message : Uint8Array.from(message));
  }

  drained(): void {}

  flush: () => void = () => {};

  end(code: number): void {
    this.ends.push(code);
  }

  closed(): void {
    this.closes += 1;
  }
}

interface Scene {
  readonly client: WebSocket;
  readonly socket: WebSocket;
  readonly connection: Connection;
  readonly session: Listener;
  beat(times?: number): void;
  readonly pings: () => number;
  readonly ended: () => number;
}

async function scene(t: Test, autoPong: boolean, turns = new Turns()): Promise<Scene> {
  const { client, socket } = await openPair(t, { autoPong });
  const beats = { count: 3 };
  const connection = new Connection(socket, beats, new Traffic(), turns);
  const session = new Listener();
  let ended = 0;
  connection.attach(session as unknown as Session, () => {
    ended += 1;
  });
  let pings = 0;
  client.on("ping", () => {
    pings += 1;
  });
  const beat = (times = 1): void => {
    for (let i = 0; i < times; i += 1) {
      beats.count += 1;
      connection.beat(PING_AFTER, CLOSE_AFTER);
    }
  };
  return { client, socket, connection, session, beat, pings: () => pings, ended: () => ended };
}

test("a silent peer is pinged at each interval and given up after the time allowed", async (t) => {
  const { client, session, beat, pings } = await scene(t, false);
  beat(PING_AFTER - 1);
  const firstPing = once(client, "ping");
  beat();
  await firstPing;
  t.equal(pings(), 1, "not before");
  const secondPing = once(client, "ping");
  beat(PING_AFTER);
  await secondPing;
  beat(CLOSE_AFTER - 2 * PING_AFTER - 1);
  t.same(session.ends, []);
  beat();
  t.same(session.ends, [4000]);
});

test("a pong, a ping and a message are all signs of life", async (t) => {
  const { client, socket, session, beat } = await scene(t, false);
  const signs: [string, () => void][] = [
    ["pong", () => client.pong()],
    ["ping", () => client.ping()],
    ["message", () => client.send("x")],
  ];
  for (const [name, give] of signs) {
    beat(CLOSE_AFTER - 1);
    const came = once(socket, name);
    give();
    await came;
  }
  beat(CLOSE_AFTER - 1);
  t.same(session.ends, []);
  t.same(session.heard, ["x"]);
});

test("silence counts for nothing while the server owes answers and does not read", async (t) => {
  const { session, beat } = await scene(t, false);
  session.owesAnswers = true;
  beat(5 * CLOSE_AFTER);
  t.same(session.ends, []);
  session.owesAnswers = false;
  beat(CLOSE_AFTER);
  t.same(session.ends, [4000]);
});

test("a frame that arrives slowly is a sign of life: no pong can stand within it", async (t) => {
  const { client, socket, session, beat } = await scene(t, false);
  const [near, far] = [client, socket].map((end) => Reflect.get(end, "_socket") as Socket) as [Socket, Socket];
  const frame = Buffer.from([0x81, 0x83, 0, 0, 0, 0, 0x61, 0x62, 0x63]);
  for (const byte of frame.subarray(0, -1)) {
    beat(CLOSE_AFTER - 2);
    const came = once(far, "data");
    near.write(Uint8Array.of(byte));
    await came;
  }
  t.same(session.ends, []);
  beat(CLOSE_AFTER + 1);
  t.same(session.ends, [4000], "half a frame and then nothing is silence");
});

test("what was said in the turn of a close, or of a fault, is handed on before ws answers it", async (t) => {
  for (const end of [Uint8Array.of(0x88, 0x80, 0, 0, 0, 0), Uint8Array.of(0xff, 0x80, 0, 0, 0, 0)]) {
    const { client, socket, session } = await scene(t, true);
    let wasOpen = false;
    session.flush = () => {
      wasOpen ||= socket.readyState === socket.OPEN;
    };
    const closed = new Promise((resolve) => socket.once("close", resolve));
    (Reflect.get(client, "_socket") as Socket).write(end);
    await closed;
    t.ok(wasOpen);
  }
});

test("what follows a close, or a fault, is read and dropped: the end of the socket is heard", async (t) => {
  const close = Uint8Array.of(0x88, 0x80, 0, 0, 0, 0);
  for (const end of [close, Uint8Array.of(0xff, 0x80, 0, 0, 0, 0)]) {
    const { client, socket, connection, session } = await scene(t, true);
    const [near, far] = [client, socket].map((end) => Reflect.get(end, "_socket") as Socket) as [Socket, Socket];
    near.removeAllListeners("data"); // the client answers nothing by itself
    const answered = once(near, "data");
    near.write(end);
    await answered;
    const read = once(far, "data");
    near.write(close);
    await read;
    connection.pause();
    t.notOk(far.isPaused());
    const closed = once(socket, "close");
    near.destroy();
    await closed;
    t.same(session.heard, []);
  }
});

test("what came before the end of a socket is handled, also what waits for its turn", async (t) => {
  const turns = new Turns();
  const other = await scene(t, true, turns);
  for (const end of [[], [frameOf(CLOSE, Uint8Array.of(3, 232))]]) {
    const { client, socket, session } = await scene(t, true, turns);
    session.work = (): void => {
      const untilMs = performance.now() + 0.05;
      while (performance.now() < untilMs);
    };
    const heard = once(other.socket, "message");
    other.client.send("somebody else");
    await heard;
    const [near, far] = [client, socket].map((end) => Reflect.get(end, "_socket") as Socket) as [Socket, Socket];
    const texts = Array.from({ length: 150 }, (_, i) => `${i} ${"x".repeat(100)}`);
    const closed = once(far, "close");
    near.end(Buffer.concat([...texts.map((text) => frameOf(TEXT, text)), ...end]));
    await closed;
    t.same(session.heard, texts);
  }
});

test("a peer that takes what is sent is slow, not silent", async (t) => {
  const { client, socket, connection, session, beat } = await scene(t, false);
  client.pause();
  while (connection.unsentBytes === 0) connection.send([new Uint8Array(1 << 20)]);
  beat(CLOSE_AFTER - 1);
  t.same(session.ends, []);
  const drained = once(Reflect.get(socket, "_socket") as Socket, "drain");
  client.resume();
  await drained;
  beat(CLOSE_AFTER);
  t.same(session.ends, [], "it was heard when it read");
  beat();
  t.same(session.ends, [4000]);
});

test("text comes as a string, bytes as bytes, and the end is told once", async (t) => {
  const { client, socket, session, ended, beat } = await scene(t, true);
  client.send("ü");
  client.send(Uint8Array.of(1, 2));
  client.send("");
  client.close();
  await once(socket, "close");
  t.same(session.heard, ["ü", Uint8Array.of(1, 2), ""]);
  t.same([session.closes, ended()], [1, 1]);
  beat(100);
  t.same(session.ends, [], "a closed connection is not given up again");
});

test("a peer that breaks the protocol is cut, and its session told", async (t) => {
  const { client, socket, session, ended } = await scene(t, true);
  const closed = new Promise((resolve) => socket.on("close", resolve));
  (Reflect.get(client, "_socket") as { write(bytes: Uint8Array): void }).write(Uint8Array.of(0xff, 0xff, 0, 0));
  await closed;
  t.same([session.closes, ended()], [1, 1]);
});

test("a paused connection reads nothing, and goes on where it was", async (t) => {
  const { client, connection, session, socket } = await scene(t, true);
  connection.pause();
  for (let i = 0; i < 10; i += 1) client.send(String(i));
  const written = once(client, "pong");
  client.ping();
  connection.resume();
  await written;
  t.same(
    session.heard,
    Array.from({ length: 10 }, (_, i) => String(i)),
  );
  connection.pause();
  connection.close(1001, "gone");
  const [code] = await once(client, "close");
  t.equal(code, 1001, "the answer to a close is read even so");
  if (socket.readyState !== socket.CLOSED) await once(socket, "close");
  t.equal(session.closes, 1);
});
