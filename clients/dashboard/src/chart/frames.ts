// All charts of the page draw in the same frame, and no more of them than a frame has room for.

/** A frame of more is one that was missed, at 60 Hz. */
const MISSED_MS = 20;
/** Frames further apart than this had nothing to draw between them. */
const APART_MS = 100;
/** Time for drawing in one frame: half of one at 60 Hz, the rest is the browser's. */
const BUDGET_MS = 8;
/** Most charts of one frame; fewer when frames are missed: painting costs what no clock in here sees. */
const MOST = 32;

const waiting = new Set<() => void>();
let isAsked = false;
let most = MOST;
let lastMs = 0;

/** Has the chart drawn soon, once, however often it is asked for; what is left waits for the next frame. @returns what takes it back */
export function drawSoon(draw: () => void): () => void {
  waiting.add(draw);
  ask();
  return () => waiting.delete(draw);
}

function drawAll(atMs: number): void {
  isAsked = false;
  // The frame before was drawn into as well: how long it took is what its charts have cost.
  const tookMs = atMs - lastMs;
  lastMs = atMs;
  if (tookMs < APART_MS) most = tookMs > MISSED_MS ? Math.max(1, most >> 1) : Math.min(MOST, most + 1);
  const endMs = performance.now() + BUDGET_MS;
  let count = 0;
  for (const draw of [...waiting]) {
    waiting.delete(draw);
    draw();
    if (++count >= most || performance.now() > endMs) break;
  }
  if (waiting.size > 0) ask();
}

function ask(): void {
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(drawAll);
}
