// What a watcher has been told: a row for each topic, the newest lines, how the connection is. Bounded, whatever comes.
import type { LogLevel, TidewireEvent, TopicGap, TopicSnapshot } from "@tidewire/client";
import type { Link } from "./watch-feed.js";
import { TopicRow } from "./watch-row.js";
import { factsOf, gapText, logText } from "./watch-text.js";

/** Topics that are kept: more than anybody scrolls through; a narrower pattern shows the others. */
export const MAX_TOPICS = 1000;
/** Lines that are kept: those of the tallest terminals. */
export const MAX_LINES = 500;

/** Events that change figures: they show in the rows. */
const FIGURES: ReadonlySet<TidewireEvent["type"]> = new Set(["metrics", "progress", "step_progress", "system_stats"]);

/** What stands in the lines below the topics. */
export interface BoardLine {
  readonly at: Date;
  /** Empty where it is about the connection. */
  readonly topic: string;
  /** A log line's level, or what else it is. */
  readonly kind: LogLevel | "event" | "gap";
  readonly text: string;
}

/** Everything that a screen shows. */
export class Board {
  /** The topics or patterns watched. */
  readonly patterns: readonly string[];
  readonly url: string;
  readonly lines: BoardLine[] = [];
  link: Link = { is: "connecting" };
  /** When `link` began, by this machine's clock. */
  linkMs = 0;
  gaps = 0;
  skipped = 0;
  /** Whether there are more topics than are kept. */
  isFull = false;
  readonly #rows = new Map<string, TopicRow>();

  constructor(patterns: readonly string[], url: string) {
    this.patterns = patterns;
    this.url = url;
  }

  get rows(): Iterable<TopicRow> {
    return this.#rows.values();
  }

  get size(): number {
    return this.#rows.size;
  }

  snapshot(snapshot: TopicSnapshot, nowMs: number): void {
    this.#rowOf(snapshot)?.snapshot(snapshot, nowMs);
  }

  event(event: TidewireEvent, nowMs: number): void {
    this.#rowOf(event)?.event(event, nowMs);
    if (FIGURES.has(event.type)) return;
    const { topic, timestamp: at } = event;
    if (event.type === "log") this.#add({ at, topic, kind: event.level ?? "INFO", text: logText(event) });
    else this.#add({ at, topic, kind: "event", text: [event.type, factsOf(event)].join(" ").trimEnd() });
  }

  gap(gap: TopicGap, nowMs: number): void {
    this.gaps += 1;
    this.skipped += gap.skipped;
    this.#add({ at: new Date(nowMs), topic: gap.topic, kind: "gap", text: gapText(gap) });
  }

  linked(link: Link, nowMs: number): void {
    if (link.is !== this.link.is) this.linkMs = nowMs;
    this.link = link;
  }

  #add(line: BoardLine): void {
    this.lines.push(line);
    if (this.lines.length > MAX_LINES) this.lines.shift();
  }

  #rowOf({ topic, family }: TidewireEvent | TopicSnapshot): TopicRow | undefined {
    const known = this.#rows.get(topic);
    if (known) return known;
    if (this.#rows.size >= MAX_TOPICS && !this.#makeRoom()) return undefined;
    const row = new TopicRow(topic, family);
    this.#rows.set(topic, row);
    return row;
  }

  /** Lets go of a topic that has ended, the one that did so first. */
  #makeRoom(): boolean {
    this.isFull = true;
    const ended = [...this.#rows.values()].filter(({ isEnded }) => isEnded);
    const [oldest] = ended.sort((a, b) => endOf(a) - endOf(b));
    return oldest !== undefined && this.#rows.delete(oldest.topic);
  }
}

/** When the topic ended, in ms since 1970; the beginning of time where that is not known. */
export function endOf({ finishedAt }: TopicRow): number {
  return finishedAt?.getTime() ?? 0;
}
