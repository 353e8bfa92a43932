// Collects what has changed and tells it once a frame.

/** Where no frame comes, as in a hidden tab, changes are told after this time, in milliseconds. */
const WITHOUT_FRAME_MS = 250;

/** Something that tells its listeners. */
export interface Changed {
  /** Makes its present value and tells it. */
  flush(): void;
}

/** Whatever changes between two frames, and however often, is told once, before the second is drawn. */
export class Frames {
  #waiting = new Set<Changed>();
  #stop: (() => void) | undefined;

  /** To be told with the next frame. */
  add(changed: Changed): void {
    this.#waiting.add(changed);
    this.#stop ??= nextFrame(() => this.#flush());
  }

  #flush(): void {
    this.#stop?.();
    this.#stop = undefined;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const changed of waiting) changed.flush();
  }
}

/** @returns what takes it back */
function nextFrame(action: () => void): () => void {
  const frame = globalThis.requestAnimationFrame?.(action);
  const timer = setTimeout(action, WITHOUT_FRAME_MS);
  return () => {
    clearTimeout(timer);
    globalThis.cancelAnimationFrame?.(frame);
  };
}
