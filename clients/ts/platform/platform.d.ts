/**
 * Opens a WebSocket of the platform: the package `ws` in Node, the browser's own elsewhere.
 *
 * An upgrade that the server refuses is told, where the platform can: by an `error` event whose `error` has the `code`,
 * `message`, `retryable`, `details` and `retryAfterMs` of the server's.
 *
 * @param subprotocol the one that is wanted
 * @param token       sent with the upgrade: as a header where the platform can, else as a second subprotocol
 * @throws when the address, or the token, is none that the platform can send
 */
export declare function openSocket(url: string, subprotocol: string, token?: string): WebSocket;
