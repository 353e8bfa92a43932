// TCP connections that have never asked for anything: a browser's preconnect, the spare one of a client. Node counts them
// neither as idle nor as busy, so they would hold up the server's end.
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Watches a server's connections from now on. */
export class UnusedConnections {
  /** By the peer's address and port: under TLS a connection is one socket, and what it asks comes by another over it. */
  readonly #sockets = new Map<string, Socket>();

  constructor(server: Server) {
    server.on("connection", (socket: Socket) => {
      const name = nameOf(socket);
      this.#sockets.set(name, socket);
      socket.once("close", () => {
        if (this.#sockets.get(name) === socket) this.#sockets.delete(name);
      });
    });
    const used = ({ socket }: { socket: Socket }): boolean => this.#sockets.delete(nameOf(socket));
    server.on("request", used);
    server.on("upgrade", used);
  }

  /** Ends them; a client that was about to ask connects again, elsewhere. */
  close(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
