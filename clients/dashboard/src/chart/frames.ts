// All charts of the page draw in the same frame, and never for longer than a frame has room.

/** Time for drawing in one frame: half of one at 60 Hz, the rest is the browser's. What is left waits for the next. */
const BUDGET_MS = 8;

const waiting = new Set<() => void>();
let isAsked = false;

/** Has the chart drawn with the next frame, once, however often it is asked for. @returns what takes it back */
export function drawSoon(draw: () => void): () => void {
  waiting.add(draw);
  ask();
  return () => waiting.delete(draw);
}

function drawAll(): void {
  isAsked = false;
  const endMs = performance.now() + BUDGET_MS;
  for (const draw of [...waiting]) {
    waiting.delete(draw);
    draw();
    if (performance.now() > endMs) break;
  }
  if (waiting.size > 0) ask();
}

function ask(): void {
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(drawAll);
}
