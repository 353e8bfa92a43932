// Runs in the page, before anything of it: how long its frames take.

/** Most frames that are kept: ten minutes at 60 Hz. */
const MAX_FRAMES = 36_000;

class Recorder {
  #isOn = false;
  #last = 0;
  #intervals = [];
  #works = [];
  #longTasksMs = 0;
  #channel = new MessageChannel();
  #begunMs = 0;

  constructor() {
    // This message comes once the frame's callbacks, styles, layout and painting are done.
    this.#channel.port2.onmessage = () => this.#works.push(performance.now() - this.#begunMs);
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) if (this.#isOn) this.#longTasksMs += duration;
    }).observe({ entryTypes: ["longtask"] });
  }

  start() {
    this.#isOn = true;
    [this.#intervals, this.#works, this.#longTasksMs, this.#last] = [[], [], 0, 0];
    requestAnimationFrame((at) => this.#frame(at));
  }

  stop() {
    this.#isOn = false;
    return { intervals: this.#intervals, works: this.#works, longTasksMs: this.#longTasksMs };
  }

  /** The first callback of each frame: it was asked for at the beginning of the one before. */
  #frame(at) {
    if (!this.#isOn || this.#works.length >= MAX_FRAMES) return;
    requestAnimationFrame((next) => this.#frame(next));
    if (this.#last > 0) this.#intervals.push(at - this.#last);
    this.#last = at;
    this.#begunMs = performance.now();
    this.#channel.port1.postMessage(undefined);
  }
}

globalThis.recorder = new Recorder();
