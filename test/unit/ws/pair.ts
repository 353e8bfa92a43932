// A WebSocket and the server's end of it, over a real socket.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Test } from "tap";
import WebSocket, { type ClientOptions, WebSocketServer } from "ws";

export interface Pair {
  readonly client: WebSocket;
  /** The server's end. */
  readonly socket: WebSocket;
}

export async function openPair(t: Test, options: ClientOptions = {}): Promise<Pair> {
  const server = createServer().listen(0, "127.0.0.1");
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  await once(server, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  t.teardown(() => {
    client.terminate();
    sockets.close();
    server.close();
  });
  const [[socket]] = await Promise.all([once(sockets, "connection"), once(client, "open")]);
  return { client, socket };
}
