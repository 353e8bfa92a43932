// What buffers share: they are read in place, and tell that they have changed, once a frame.
import type { Changed, Frames } from "../store/frames.js";

/** Keeps what fills a buffer going. @returns what lets go */
export type Retain = () => () => void;

/** A buffer that many read and one fills. Its content changes in place: read it when told, keep nothing of it. */
export abstract class Source implements Changed {
  readonly #frames: Frames;
  readonly #retain: Retain;
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #told = 0;

  constructor(frames: Frames, retain: Retain) {
    this.#frames = frames;
    this.#retain = retain;
  }

  /** Calls the listener at most once a frame. The first one has what happened before fetched. @returns what ends it */
  readonly subscribe = (listener: () => void): (() => void) => {
    const entry = () => listener();
    const release = this.#retain();
    this.#listeners.add(entry);
    return () => {
      if (this.#listeners.delete(entry)) release();
    };
  };

  /** Rises when listeners are told: what `useSyncExternalStore` may take as the snapshot. */
  readonly getVersion = (): number => this.#told;

  flush(): void {
    this.#told = this.#version;
    for (const listener of [...this.#listeners]) listener();
  }

  protected changed(): void {
    this.#version++;
    this.#frames.add(this);
  }
}
