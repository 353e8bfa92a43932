// A socket before it is one.
import type { Socket } from "./environment.js";

/**
 * Stands in the place of a socket until `open` has put it there. One that is closed before has no `onclose` any more.
 *
 * @param open gives it `send` and `close`, and calls its listeners; what it throws ends it
 */
export function lateSocket(open: (late: Socket) => Promise<void>): Socket {
  const late = {
    close() {
      late.onclose?.({ code: 1006, reason: "" });
      late.onclose = null;
    },
  } as Socket;
  open(late).catch((error) => {
    late.onerror?.({ error });
    late.onclose?.({ code: 1006, reason: "" });
  });
  return late;
}
