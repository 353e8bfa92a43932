// What a bar looks like, and what it says to those who do not see it. Texts of others are put in as text only.

/** The part of a page's element that a bar uses. */
export interface BarElement {
  textContent: string | null;
  className: string;
  readonly style: { cssText: string; width: string; opacity: string };
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  appendChild(child: never): unknown;
  remove(): void;
}

/** The part of a page's document that a bar uses. */
export interface BarDocument {
  getElementById(id: string): BarElement | null;
  createElement(name: "div"): BarElement;
}

/** How far something is; what is absent is not known. */
export interface BarState {
  /** 0 to 100; absent for a bar that only says that something goes on. */
  readonly progress?: number | undefined;
  readonly step?: number | undefined;
  readonly totalSteps?: number | undefined;
  readonly stage?: string | undefined;
  readonly message?: string | undefined;
  readonly etaSeconds?: number | undefined;
  readonly details?:
    | { readonly current?: unknown; readonly completed?: number | undefined; readonly total?: number | undefined }
    | undefined;
}

/** Where a bar stands; the page's styles find it as `data-status`. */
export type BarStatus = "idle" | "running" | "completed" | "failed" | "cancelled";

/** Percent between two announcements, and least time between them, in milliseconds: more would talk over everything else. */
const ANNOUNCED_PERCENT = 10;
const ANNOUNCE_MS = 10_000;

const TRACK = "height: 0.5em; border-radius: 0.25em; overflow: hidden; background: rgb(128 128 128 / 0.3);";
const FILL = "height: 100%; width: 0; background: var(--tidewire-progress-color, #2563eb);";
/** For those who listen: not `display: none`, which would silence it. */
const LIVE =
  "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;";

/** The elements of one bar. */
export class BarView {
  readonly #root: BarElement;
  readonly #text: BarElement;
  readonly #track: BarElement;
  readonly #fill: BarElement;
  readonly #live: BarElement;
  readonly #now: () => number;
  #announced = { percent: 0, at: Number.NEGATIVE_INFINITY };

  /** @param now milliseconds; only differences mean something */
  constructor(document: BarDocument, container: BarElement, label: string, now: () => number) {
    const make = (parent: BarElement, name: string, style = "") => {
      const element = document.createElement("div");
      element.className = `tidewire-progress${name}`;
      element.style.cssText = style;
      parent.appendChild(element as never);
      return element;
    };
    this.#now = now;
    this.#root = make(container, "");
    this.#text = make(this.#root, "-text");
    this.#track = make(this.#root, "-track", TRACK);
    this.#fill = make(this.#track, "-fill", FILL);
    this.#live = make(this.#root, "-live", LIVE);
    for (const [name, value] of Object.entries({
      role: "progressbar",
      "aria-label": label,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
    }))
      this.#track.setAttribute(name, value);
    this.#live.setAttribute("role", "status");
    this.show("idle", { progress: 0 });
  }

  /** @param said what there is to say instead of the state's own words */
  show(status: BarStatus, state: BarState, said = wordsOf(state)): void {
    const percent = state.progress === undefined ? undefined : Math.min(100, Math.max(0, state.progress));
    this.#root.setAttribute("data-status", status);
    this.#text.textContent = said;
    this.#fill.style.width = `${percent ?? 100}%`;
    this.#fill.style.opacity = percent === undefined ? "0.4" : "1";
    this.#track.setAttribute("aria-valuetext", said);
    if (percent === undefined) this.#track.removeAttribute("aria-valuenow");
    else this.#track.setAttribute("aria-valuenow", String(Math.round(percent)));
    this.#announce(status, percent ?? 0, said);
  }

  remove(): void {
    this.#root.remove();
  }

  /** Speaks at the start, at the end, and now and then in between. */
  #announce(status: BarStatus, percent: number, said: string): void {
    const isRunning = status === "running";
    const { percent: last, at } = this.#announced;
    if (status === "idle") return;
    if (isRunning && at > Number.NEGATIVE_INFINITY) {
      if (Math.abs(percent - last) < ANNOUNCED_PERCENT || this.#now() - at < ANNOUNCE_MS) return;
    }
    this.#announced = { percent, at: isRunning ? this.#now() : Number.NEGATIVE_INFINITY };
    this.#live.setAttribute("aria-live", status === "failed" ? "assertive" : "polite");
    this.#live.textContent = said;
  }
}

/** "40 %, step 2 of 5, fitting, about 4 min left" */
export function wordsOf({ progress, step, totalSteps, stage, message, etaSeconds, details }: BarState): string {
  const { current, completed, total } = details ?? {};
  const words = [
    progress === undefined ? undefined : `${Math.round(progress)} %`,
    step !== undefined && totalSteps !== undefined ? `step ${step} of ${totalSteps}` : undefined,
    completed !== undefined && total !== undefined ? `${completed} of ${total}` : undefined,
    stage,
    message,
    typeof current === "string" || typeof current === "number" ? String(current) : undefined,
    etaSeconds === undefined ? undefined : `about ${durationOf(etaSeconds)} left`,
  ];
  return words.filter(Boolean).join(", ");
}

function durationOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
