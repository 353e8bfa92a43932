// Loads what is not needed at once when nothing else is to be done: pages then open without a wait, and while the server
// is away too.
import { client } from "../server/server.js";
import { ROUTES } from "./routes.js";

/** After the first page is there and has asked for what it shows. */
const AFTER_MS = 2_500;

/** Begins after a while; what is on its way already is not asked for twice. */
export function loadAhead(): void {
  setTimeout(() => void loadAll(), AFTER_MS);
}

/** One after the other: what the reader asks for meanwhile goes first. */
async function loadAll(): Promise<void> {
  const loads = [() => import("../chart/plot.js"), ...ROUTES.map(({ load }) => load)];
  for (const load of loads) {
    await connected();
    // It has gone in between: whoever needs more asks again, and is told.
    if (!(await load().then(Boolean, () => false))) return;
  }
}

/** Resolves when the server is there. */
function connected(): Promise<void> {
  const progress = client.getProgress();
  if (progress.isConnected()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = progress.onConnectionState((state) => {
      if (state !== "connected") return;
      stop();
      resolve();
    });
  });
}
