/**
 * Opens a WebSocket of the platform: its own where it has one, the package `ws` on Node 20.
 *
 * @param subprotocol the one that is offered
 * @param headers     sent with the upgrade where the platform can; browsers cannot and leave them out
 */
export declare function openSocket(
  url: string,
  subprotocol: string,
  headers: Readonly<Record<string, string>>,
): WebSocket;
