// Network: /proc/net/dev, each byte counted once.
import { existsSync } from "node:fs";
import type { NetworkStats } from "../../generated/ts/tidewire/v1/stats.js";
import { LiveFile } from "./live-file.js";
import { counterOf, growth, perSecond, sumOf } from "./rates.js";

/** Interfaces that are looked at: a host of a thousand containers has as many. */
const MAX_INTERFACES = 4096;

/** Bytes that an interface has received and sent. */
export interface InterfaceCounters {
  readonly received: number;
  readonly sent: number;
}

/** name: bytes and seven more received, bytes sent */
const LINE = /^ *([^\s:]+): *(\d+)(?: +\d+){7} +(\d+)/gm;

/** By interface, without loopback. */
export function parseNetDev(text: string): ReadonlyMap<string, InterfaceCounters> {
  const found = new Map<string, InterfaceCounters>();
  for (const [, name = "", bytesIn, bytesOut] of text.matchAll(LINE)) {
    if (name === "lo" || found.size >= MAX_INTERFACES) continue;
    const [received, sent] = [counterOf(bytesIn), counterOf(bytesOut)];
    if (received !== undefined && sent !== undefined) found.set(name, { received, sent });
  }
  return found;
}

/** Samples the network. */
export class LinuxNetwork implements Disposable {
  readonly #root: string;
  readonly #netDev: LiveFile;
  #isHardware = new Map<string, boolean>();
  #before: ReadonlyMap<string, InterfaceCounters> = new Map();

  constructor(root: string) {
    this.#root = root;
    this.#netDev = new LiveFile(`${root}/proc/net/dev`);
  }

  /** Looks at the interfaces anew with the next sample. */
  refresh(): void {
    this.#isHardware = new Map();
  }

  sample(seconds: number | undefined): NetworkStats {
    const before = seconds === undefined ? undefined : this.#before;
    const all = parseNetDev(this.#netDev.read() ?? "");
    this.#before = all;
    // Bridges, bonds and tunnels carry the bytes of devices again. A container has no device, only its end of a pair.
    const devices = [...all].filter(([name]) => this.#hasDevice(name));
    const now = devices.length > 0 ? devices : [...all];
    const grown = (of: (counters: InterfaceCounters) => number): number | undefined =>
      sumOf(now.map(([name, counters]) => growth(mapped(before?.get(name), of), of(counters))));
    return {
      receiveBytesPerSecond: perSecond(
        grown(({ received }) => received),
        seconds ?? 0,
      ),
      transmitBytesPerSecond: perSecond(
        grown(({ sent }) => sent),
        seconds ?? 0,
      ),
      receivedBytes: sumOf(now.map(([, { received }]) => received)),
      transmittedBytes: sumOf(now.map(([, { sent }]) => sent)),
    };
  }

  #hasDevice(name: string): boolean {
    let has = this.#isHardware.get(name);
    if (has === undefined) {
      has = existsSync(`${this.#root}/sys/class/net/${name}/device`);
      this.#isHardware.set(name, has);
    }
    return has;
  }

  [Symbol.dispose](): void {
    this.#netDev[Symbol.dispose]();
  }
}

function mapped<T, U>(value: T | undefined, to: (value: T) => U): U | undefined {
  return value === undefined ? undefined : to(value);
}
