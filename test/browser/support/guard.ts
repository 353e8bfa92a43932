// What a page must never do: fail, complain, or ask anybody but its server.
import type { Page } from "playwright-core";

/** Faults of a page, collected as they happen. */
export interface Guard {
  /** What has gone wrong so far, but for what is expected. */
  faults(): readonly string[];
  /** Faults of these kinds belong to the test: a server that is gone, a request that is refused. */
  expect(...kinds: readonly RegExp[]): void;
}

/** What the browser itself writes to the console while a server is away. */
export const SERVER_AWAY =
  /ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|WebSocket connection to|Unable to preload CSS|Failed to fetch dynamically imported module/;
/** What the browser itself writes to the console for a reply that is an error. */
export const REFUSED = /the server responded with a status of 4\d\d/;

/** Watches a page from its beginning. */
export function guard(page: Page, origin: string): Guard {
  const faults: string[] = [];
  const expected: RegExp[] = [];
  page.on("console", (message) => {
    const { url } = message.location();
    if (["error", "assert", "warning"].includes(message.type())) faults.push(`console: ${message.text()} (${url})`);
  });
  page.on("pageerror", (error) => faults.push(`uncaught: ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    if (!staysAt(origin, request.url())) faults.push(`asks elsewhere: ${request.url()}`);
  });
  page.on("websocket", (socket) => {
    if (!staysAt(origin, socket.url())) faults.push(`connects elsewhere: ${socket.url()}`);
  });
  return {
    faults: () => faults.filter((fault) => !expected.some((kind) => kind.test(fault))),
    expect: (...kinds) => {
      expected.push(...kinds);
    },
  };
}

/** `data:` and `blob:` are the page's own. */
function staysAt(origin: string, url: string): boolean {
  if (/^(data|blob|about):/.test(url)) return true;
  return new URL(url).host === new URL(origin).host;
}
