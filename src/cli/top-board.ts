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
  /** The one heard last is last. */
  readonly #hosts = new Map<string, HostRow>();

  constructor(url: string) {
    this.url = url;
    this.runs = new Board([], url);
  }

  /**
   * The server's own host first, which tells of the server's process: of several such, as a server comes back under another
   * name, one that still speaks. Then the others that speak; then those that are stale, the one heard last first.
   */
  hosts(nowMs: number): readonly HostRow[] {
    const rows = [...this.#hosts.values()].sort((a, b) => {
      const [aMs, bMs] = [staleMs(a, nowMs), staleMs(b, nowMs)];
      return aMs - bMs || (a.topic < b.topic ? -1 : 1);
    });
    const own = rows.find(({ load }) => load.server);
    return own ? [own, ...rows.filter((row) => row !== own)] : rows;
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
    if (!before && this.#hosts.size >= MAX_HOSTS && !this.#makeRoom(load, heardMs)) return;
    this.#hosts.delete(topic);
    this.#hosts.set(topic, { topic, load, heardMs, intervalMs: before && heardMs - before.heardMs });
  }

  /** Drops the host that has been silent longest; one that speaks only for the server's own. @returns whether there is room */
  #makeRoom(newcomer: HostLoad, nowMs: number): boolean {
    const [silent] = this.#hosts.values();
    const mayGo = silent && (newcomer.server !== undefined || staleMs(silent, nowMs) > 0);
    return mayGo === true && this.#hosts.delete(silent.topic);
  }
}
