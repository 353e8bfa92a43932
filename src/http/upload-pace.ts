// How slow an upload may be: while it lasts it holds one of few places.
import type { IncomingMessage } from "node:http";

/** Time between two looks. A network that is gone for some seconds costs nobody an upload. */
const LOOK_MS = 30_000;
/** What must arrive from one look to the next: some 70 kbit/s. All places could be held by bytes that trickle otherwise. */
const MIN_UPLOAD_BYTES = 256 * 1024;

/** Cuts the connection of a body that arrives more slowly than {@link MIN_UPLOAD_BYTES} a look. @returns what ends that */
export function keepPace(request: IncomingMessage): () => void {
  let seen = request.socket.bytesRead;
  const looks = setInterval(() => {
    const { bytesRead } = request.socket;
    if (bytesRead - seen < MIN_UPLOAD_BYTES && !request.complete) request.destroy();
    seen = bytesRead;
  }, LOOK_MS);
  return () => clearInterval(looks);
}
