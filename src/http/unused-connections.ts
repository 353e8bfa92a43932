// TCP connections that have never asked for anything: a browser's preconnect, the spare one of a client. Node counts them
// neither as idle nor as busy, so they would hold up the server's end.
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Watches a server's connections from now on. */
export class UnusedConnections {
  readonly #sockets = new Set<Socket>();

  constructor(server: Server) {
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    const used = ({ socket }: { socket: Socket }): boolean => this.#sockets.delete(socket);
    server.on("request", used);
    server.on("upgrade", used);
  }

  /** Ends them; a client that was about to ask connects again, elsewhere. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
