// What buffers share: they are read in place, and tell that they have changed, once a frame.
import type { Changed, Frames } from "../store/frames.js";

/** Begins to fill a buffer, or keeps that going. @returns what lets go */
export type Retain = () => () => void;

/**
 * A buffer that many read and one fills, from its first listener on. Its content changes in place: read it when told, and
 * keep nothing of it.
 */
export abstract class Source<Content> implements Changed {
  /** Undefined until there was a listener: the code that fills it is loaded then. */
  protected content: Content | undefined;
  readonly #frames: Frames;
  readonly #retain: Retain;
  readonly #listeners = new Set<() => void>();
  #version = 0;

  constructor(frames: Frames, retain: Retain) {
    this.#frames = frames;
    this.#retain = retain;
  }

  /** Calls the listener at most once a frame. @returns what ends it */
  readonly subscribe = (listener: () => void): (() => void) => {
    const entry = () => listener();
    this.#listeners.add(entry);
    const release = this.#retain();
    return () => {
      if (this.#listeners.delete(entry)) release();
    };
  };

  /** Rises whenever listeners are told: what `useSyncExternalStore` takes as the snapshot. */
  readonly getVersion = (): number => this.#version;

  /** Of its owner: there is something to read. @returns what tells that it has changed */
  fill(content: Content): () => void {
    this.content = content;
    return () => this.#frames.add(this);
  }

  flush(): void {
    this.#version++;
    for (const listener of [...this.#listeners]) listener();
  }
}
