// A value outside React: followed while somebody listens, immutable between two tellings.
import { hasPage, type Timer } from "./environment.js";
import type { Changed, Frames } from "./frames.js";

/** How long a value is still followed when nobody listens any more, in milliseconds: a remount takes it up again. */
export const LINGER_MS = 1000;

/** Whoever holds cells. */
export interface CellHost {
  readonly frames: Frames;
  /** Somebody listens. */
  followed(cell: Cell<unknown>): void;
  /** Nobody listens any more: the cell may be forgotten, until somebody does. */
  dropped(cell: Cell<unknown>): void;
}

/** What `useSyncExternalStore` takes. Both functions stay the same for the cell's life. */
export interface Readable<View> {
  /** @returns what ends it */
  readonly subscribe: (listener: () => void) => () => void;
  /** The same object until the next telling. */
  readonly getSnapshot: () => View;
  /** What there was before anything was told: the same on a server as where its page comes to life. */
  readonly getServerSnapshot: () => View;
}

/** Follows something from the first listener on until shortly after the last has left. */
export abstract class Cell<View> implements Changed, Readable<View> {
  readonly key: string;
  protected readonly frames: Frames;
  readonly #host: CellHost;
  readonly #listeners = new Set<() => void>();
  #view: View | undefined;
  #first: View | undefined;
  #timer: Timer | undefined;
  #isFollowing = false;
  #isPaused = false;

  constructor(key: string, host: CellHost) {
    this.key = key;
    this.frames = host.frames;
    this.#host = host;
    // Made for a render that came to nothing, it is forgotten as well.
    this.#linger();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // An object of its own for each: the same function may listen twice.
    const entry = () => listener();
    this.#listeners.add(entry);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isFollowing) {
      this.#isFollowing = true;
      this.#host.followed(this);
      this.start();
    }
    return () => {
      if (this.#listeners.delete(entry) && this.#listeners.size === 0) this.#linger();
    };
  };

  readonly getSnapshot = (): View => {
    this.#view ??= this.present();
    this.#first ??= this.#view;
    return this.#view;
  };

  readonly getServerSnapshot = (): View => {
    this.getSnapshot();
    return this.#first as View;
  };

  flush(): void {
    this.#view = this.present();
    for (const listener of [...this.#listeners]) listener();
  }

  /** Nobody sees the page; what was seen last stays. */
  pause(): void {
    if (!this.#isFollowing || this.#isPaused) return;
    this.#isPaused = true;
    this.stop();
  }

  /** Goes on after {@link pause}, from there. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#isFollowing) this.start();
  }

  /** Ends it for good, whoever listens. */
  close(): void {
    clearTimeout(this.#timer);
    if (!this.#isFollowing) return;
    this.#isFollowing = false;
    if (!this.#isPaused) this.stop();
    this.#isPaused = false;
  }

  /** The value has changed; it is told with the next frame. */
  protected changed(): void {
    this.frames.add(this);
  }

  /** Begins to follow, or goes on. */
  protected abstract start(): void;
  protected abstract stop(): void;
  /** The present value: a new object that nobody changes. */
  protected abstract present(): View;

  #linger(): void {
    if (!hasPage()) return;
    this.#timer = setTimeout(() => {
      this.close();
      this.#host.dropped(this);
    }, LINGER_MS);
  }
}
