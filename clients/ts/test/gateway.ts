// A network between client and server: lets HTTP through, and WebSocket when the test says so.
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Test } from "tap";

/** A gateway in front of one server. */
export class Gateway {
  /** Whether WebSockets come through, and whether anything does. */
  allowsSockets = false;
  allowsHttp = true;
  /** Whether a request is put off, as a server that is behind with its work does. */
  putsOff: (method: string, url: string) => boolean = () => false;
  /** Method and path of what came, upgrades left out. */
  readonly requests: { readonly method: string; readonly url: string; readonly lastEventId: string | undefined }[] = [];
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #waiting: (() => void)[] = [];

  private constructor(target: URL) {
    this.#server = createServer((incoming, reply) => {
      const lastEventId = incoming.headers["last-event-id"] as string | undefined;
      this.requests.push({ method: incoming.method ?? "", url: incoming.url ?? "", lastEventId });
      for (const resolve of this.#waiting.splice(0)) resolve();
      if (!this.allowsHttp) {
        incoming.socket.destroy();
        return;
      }
      if (this.putsOff(incoming.method ?? "", incoming.url ?? "")) {
        const body = { error_code: "OVERLOADED", message: "try again later", details: {} };
        reply.writeHead(503, { "content-type": "application/json", "retry-after": "0" }).end(JSON.stringify(body));
        return;
      }
      const { host, ...headers } = incoming.headers;
      const outgoing = request({
        host: target.hostname,
        port: target.port,
        path: incoming.url,
        method: incoming.method,
        headers,
      });
      outgoing.on("response", (answer) => {
        reply.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(reply);
        answer.on("error", () => reply.destroy());
      });
      outgoing.on("error", () => reply.destroy());
      reply.on("close", () => outgoing.destroy());
      incoming.pipe(outgoing);
    });
    this.#server.on("connection", (socket) => {
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
    });
    this.#server.on("upgrade", (incoming, socket, head) => {
      if (!this.allowsSockets) return socket.destroy();
      const through = connect(Number(target.port), target.hostname, () => {
        const lines = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}`);
        through.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
        through.write(head);
        through.pipe(socket).pipe(through);
      });
      for (const [one, other] of [
        [through, socket],
        [socket, through],
      ] as const) {
        one.on("error", () => other.destroy());
        one.on("close", () => other.destroy());
      }
      return undefined;
    });
  }

  static async open(t: Test, url: string): Promise<{ gateway: Gateway; url: string }> {
    const gateway = new Gateway(new URL(url));
    gateway.#server.listen(0, "127.0.0.1");
    await once(gateway.#server, "listening");
    t.teardown(() => {
      gateway.cut();
      gateway.#server.close();
    });
    return { gateway, url: `http://127.0.0.1:${(gateway.#server.address() as AddressInfo).port}` };
  }

  /** Cuts everything that is open. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /** Resolves once a request has come whose path holds the text; those that came before count from `since` on. */
  async came(text: string, since = 0): Promise<void> {
    while (!this.requests.slice(since).some(({ url }) => url.includes(text)))
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
