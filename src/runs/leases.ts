// Leases: who is heard of keeps running, who is silent for too long is given up.

/** Ticks in a lease: one that has expired is noticed within two of them, 2 s of a minute. */
const TICKS = 60;

interface Lease {
  readonly topic: string;
  heardMs: number;
  /** Where it waits to be looked at. */
  slot: Set<Lease>;
}

/**
 * Leases of topics. Hearing of one only writes down the time: a lease moves on when its time to be looked at has come,
 * so an event costs the same however many leases there are. One timer for all; it holds no process open.
 */
export class Leases implements Disposable {
  readonly #leases = new Map<string, Lease>();
  /** Leases by the tick in which they expire unless they are heard of: hardly more slots than TICKS. */
  readonly #slots = new Map<number, Set<Lease>>();
  readonly #tickMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  /**
   * @param nowMs a clock that never goes back
   * @param expired called once for each lease that has expired and thereby ended
   */
  constructor(
    private readonly leaseMs: number,
    private readonly nowMs: () => number,
    private readonly expired: (topic: string) => void,
  ) {
    this.#tickMs = Math.max(1, leaseMs / TICKS);
  }

  /** How many there are. */
  get size(): number {
    return this.#leases.size;
  }

  /** Starts a lease, unless there is one. */
  start(topic: string): void {
    if (this.#isDisposed || this.#leases.has(topic)) return;
    const heardMs = this.nowMs();
    const lease = { topic, heardMs, slot: this.#slotOf(heardMs) };
    lease.slot.add(lease);
    this.#leases.set(topic, lease);
    this.#schedule();
  }

  /** The publisher has said something: its lease, if there is one, begins anew. */
  heard(topic: string): void {
    const lease = this.#leases.get(topic);
    if (lease) lease.heardMs = this.nowMs();
  }

  /** Ends a lease, if there is one. */
  stop(topic: string): void {
    const lease = this.#leases.get(topic);
    if (!lease) return;
    lease.slot.delete(lease);
    this.#leases.delete(topic);
  }

  /** Ends the leases that have expired. The timer does it in time. */
  sweep(): void {
    const nowMs = this.nowMs();
    const tick = Math.floor(nowMs / this.#tickMs);
    // A copy: what is moved on lands in slots of its own.
    for (const [slotTick, slot] of [...this.#slots]) {
      if (slotTick > tick) continue;
      this.#slots.delete(slotTick);
      for (const lease of slot) this.#look(lease, nowMs);
    }
    this.#schedule();
  }

  #look(lease: Lease, nowMs: number): void {
    if (lease.heardMs + this.leaseMs > nowMs) {
      lease.slot = this.#slotOf(lease.heardMs);
      lease.slot.add(lease);
    } else if (this.#leases.delete(lease.topic)) this.expired(lease.topic);
  }

  #slotOf(heardMs: number): Set<Lease> {
    const tick = Math.ceil((heardMs + this.leaseMs) / this.#tickMs);
    let slot = this.#slots.get(tick);
    if (!slot) {
      slot = new Set();
      this.#slots.set(tick, slot);
    }
    return slot;
  }

  /** Armed while there is something to look at. */
  #schedule(): void {
    if (this.#timer || this.#isDisposed || this.#leases.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.sweep();
    }, this.#tickMs).unref();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#leases.clear();
    this.#slots.clear();
  }
}
