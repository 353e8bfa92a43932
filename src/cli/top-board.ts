// What `tidewire top` has been told: hosts, sessions, and what runs. Bounded, whatever comes.
import type { TidewireEvent, TopicGap, TopicSnapshot, TopicState } from "@tidewire/client";
import type { Sessions } from "./top-sessions.js";
import { Board } from "./watch-board.js";
import type { Link } from "./watch-feed.js";
import type { TopicRow } from "./watch-row.js";

/** Hosts that are kept; those behind a page of them belong on a page. */
const MAX_HOSTS = 64;

/** The load of a host. */
export type HostLoad = NonNullable<TopicState["systemStats"]>;

/** A host as it was last told of. */
export interface HostRow {
  readonly topic: string;
  readonly load: HostLoad;
  /** When it was told, by this machine's clock. */
  readonly heardMs: number;
  /** Between the last two samples; undefined before the second. */
  readonly intervalMs: number | undefined;
}

/** A sample is old when the next one has been due for so many intervals, and for a while. */
const STALE_INTERVALS = 2.5;
const STALE_MS = 3_000;

/** For how long a host has said nothing although it should have, in ms; 0 while it speaks. */
export function staleMs({ heardMs, intervalMs = 0 }: HostRow, nowMs: number): number {
  const silentMs = nowMs - heardMs;
  return silentMs > Math.max(STALE_MS, intervalMs * STALE_INTERVALS) ? silentMs : 0;
}

/** Everything that `top` shows. */
export class TopBoard {
  readonly url: string;
  /** What runs: all topics but hosts. */
  readonly runs: Board;
  sessions: Sessions | undefined;
  readonly #hosts = new Map<string, HostRow>();

  constructor(url: string) {
    this.url = url;
    this.runs = new Board([], url);
  }

  /** The server's own host first: it alone tells of the server's process. */
  get hosts(): readonly HostRow[] {
    return [...this.#hosts.values()].sort(
      (a, b) => Number(!a.load.server) - Number(!b.load.server) || (a.topic < b.topic ? -1 : 1),
    );
  }

  /** What is under way. */
  get active(): readonly TopicRow[] {
    return [...this.runs.rows].filter(({ isEnded, status }) => !isEnded && status !== undefined);
  }

  event(event: TidewireEvent, nowMs: number): void {
    if (event.type === "system_stats") this.#heard(event.topic, event, nowMs);
    else this.runs.event(event, nowMs);
  }

  snapshot(snapshot: TopicSnapshot, nowMs: number): void {
    // A host's state may be of long ago; what it is now follows within a second.
    if (snapshot.family !== "system") this.runs.snapshot(snapshot, nowMs);
  }

  gap(gap: TopicGap, nowMs: number): void {
    this.runs.gap(gap, nowMs);
  }

  linked(link: Link, nowMs: number): void {
    this.runs.linked(link, nowMs);
  }

  #heard(topic: string, load: HostLoad, heardMs: number): void {
    const before = this.#hosts.get(topic);
    if (!before && this.#hosts.size >= MAX_HOSTS) return;
    this.#hosts.set(topic, { topic, load, heardMs, intervalMs: before && heardMs - before.heardMs });
  }
}
