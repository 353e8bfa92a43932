// Many subscribers of one topic in one process, and what they are told: every event, in order, each of them.
import { median, percentile } from "../lib/statistics.js";
import type { LeanSocket } from "./lean-socket.js";
import { openVenue, type Speaker, type Venue, type VenueOptions } from "./venues.js";

/** Subscribers to be gathered. */
export interface GatherOptions {
  readonly venue: VenueOptions;
  readonly topic: string;
  readonly count: number;
}

/** Bursts until the time is up. */
export interface FanOutOptions {
  /** As {@link gather} gave it. */
  readonly crowd: number;
  /** Events of a burst. */
  readonly burst: number;
  readonly ms: number;
}

/** What bursts have shown. */
export interface FanOutResult {
  /** Events at subscribers. */
  readonly perSecond: number;
  readonly deliveries: number;
}

/** Single events at a steady rate. */
export interface MetronomeOptions {
  readonly crowd: number;
  readonly hz: number;
  readonly ms: number;
}

/** Times in ms from when each event was due until a subscriber had it, over all subscribers. */
export interface MetronomeResult {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Median over events of the time until the last subscriber had it. */
  readonly lastP50: number;
  readonly deliveries: number;
}

/** Reads are of all connections' in turn: one buffer serves them all. */
const READ_BYTES = 256 * 1024;
const JOIN_AT_ONCE = 50;
/** Bursts on their way: the next one is there while the last one is told, and no two of them become one. */
const BURSTS_AT_ONCE = 2;
/** Events on their way are fewer. */
const RING = 4096;
const PATIENCE_MS = 20_000;
/** First part of a metronome's run, which is not counted. */
const WARM_SHARE = 0.2;

/** The subscribers, and the one who speaks to them. */
class Crowd {
  readonly speaker: Speaker;
  /** Told of each event that the last subscriber has got. */
  onEverywhere: (offset: number) => void = () => {};
  /** Told of each event at each subscriber. */
  onDelivery: ((offset: number) => void) | undefined;
  onFailure: (error: Error) => void = () => {};
  /** Offset of the last event said. */
  said: number;
  readonly count: number;
  readonly #venue: Venue;
  readonly #sockets: LeanSocket[] = [];
  /** Offset of each subscriber's last event. */
  readonly #last: Float64Array;
  /** How many subscribers have an event. */
  readonly #arrived = new Uint32Array(RING);

  constructor(venue: Venue, count: number) {
    this.#venue = venue;
    this.count = count;
    this.#last = new Float64Array(count).fill(venue.start);
    this.speaker = venue.speaker;
    this.said = venue.start;
  }

  async gather(): Promise<void> {
    const read = Buffer.allocUnsafeSlow(READ_BYTES);
    while (this.#sockets.length < this.count) {
      const first = this.#sockets.length;
      const next = Array.from({ length: Math.min(JOIN_AT_ONCE, this.count - first) }, (_, i) =>
        this.#join(first + i, read),
      );
      this.#sockets.push(...(await Promise.all(next)));
    }
  }

  #join(subscriber: number, read: Buffer): Promise<LeanSocket> {
    const lost = (): void => this.onFailure(new Error(`subscriber ${subscriber} was cut off`));
    return this.#venue.join(read, (offset) => this.#take(subscriber, offset), lost);
  }

  #take(subscriber: number, offset: number): void {
    const expected = (this.#last[subscriber] as number) + 1;
    if (offset !== expected)
      return this.onFailure(new Error(`subscriber ${subscriber} got event ${offset} instead of ${expected}`));
    this.#last[subscriber] = offset;
    this.onDelivery?.(offset);
    const slot = offset % RING;
    const arrived = (this.#arrived[slot] as number) + 1;
    this.#arrived[slot] = arrived === this.count ? 0 : arrived;
    if (arrived === this.count) this.onEverywhere(offset);
  }

  say(count: number): void {
    this.said += count;
    this.speaker.say(count);
  }

  disperse(): void {
    this.speaker.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

const crowds = new Map<number, Crowd>();

/** Gathers subscribers, who stay until {@link disperse}. @returns their crowd's number */
export async function gather({ venue, topic, count }: GatherOptions): Promise<number> {
  const crowd = new Crowd(await openVenue(venue, topic), count);
  await crowd.gather();
  const number = crowds.size + 1;
  crowds.set(number, crowd);
  return number;
}

/** Lets a crowd go. */
export async function disperse({ crowd }: { crowd: number }): Promise<void> {
  find(crowd).disperse();
}

function find(number: number): Crowd {
  const crowd = crowds.get(number);
  if (!crowd) throw new Error(`no crowd ${number}`);
  return crowd;
}

/**
 * Says burst after burst, the next one but one when all subscribers have the last one. @throws Error when a subscriber
 * misses an event, or gets one twice or in the wrong place
 */
export async function fanOut({ crowd: number, burst, ms }: FanOutOptions): Promise<FanOutResult> {
  const crowd = find(number);
  const from = crowd.said;
  const startMs = performance.now();
  let endMs = startMs;
  await untilDone(crowd, ms, (done) => {
    crowd.onEverywhere = (offset) => {
      if ((offset - from) % burst !== 0) return;
      endMs = performance.now();
      if (endMs - startMs < ms) crowd.say(burst);
      else if (offset === crowd.said) done();
    };
    for (let i = 0; i < BURSTS_AT_ONCE; i += 1) crowd.say(burst);
  });
  const deliveries = (crowd.said - from) * crowd.count;
  return { perSecond: (deliveries * 1000) / (endMs - startMs), deliveries };
}

/** Says single events at a steady rate. Open loop: a late event delays no later one, and the client's own lateness counts. */
export async function metronome({ crowd: number, hz, ms }: MetronomeOptions): Promise<MetronomeResult> {
  const crowd = find(number);
  const first = crowd.said + 1;
  const events = Math.round((hz * ms) / 1000);
  const startMs = performance.now() + 1;
  const dueMs = (offset: number): number => startMs + ((offset - first) * 1000) / hz;
  const firstCounted = first + Math.floor(events * WARM_SHARE);
  const times: number[] = [];
  const lastTimes: number[] = [];
  crowd.onDelivery = (offset) => {
    if (offset >= firstCounted) times.push(performance.now() - dueMs(offset));
  };
  await untilDone(crowd, ms, (done) => {
    crowd.onEverywhere = (offset) => {
      if (offset >= firstCounted) lastTimes.push(performance.now() - dueMs(offset));
      if (offset === first + events - 1) done();
    };
    const next = (): void => {
      while (crowd.said < first + events - 1 && dueMs(crowd.said + 1) <= performance.now()) crowd.say(1);
      if (crowd.said < first + events - 1) setTimeout(next, dueMs(crowd.said + 1) - performance.now());
    };
    next();
  });
  crowd.onDelivery = undefined;
  return {
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    max: percentile(times, 1),
    lastP50: median(lastTimes),
    deliveries: events * crowd.count,
  };
}

/** Begins something and waits until it says that it is done, and all is acknowledged. */
async function untilDone(crowd: Crowd, ms: number, begin: (done: () => void) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    crowd.onFailure = reject;
    timer = setTimeout(
      () => reject(crowd.speaker.failure ?? new Error(`event ${crowd.said} has not come everywhere`)),
      ms + PATIENCE_MS,
    );
    begin(resolve);
  }).finally(() => clearTimeout(timer));
  await crowd.speaker.settle();
}
