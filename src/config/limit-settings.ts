// Settings of who may ask how often: addresses, rates, and when the server has too much to do.
import { isIP } from "node:net";
import { bytes, integer, type Setting } from "./setting.js";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const MAX_A_SECOND = 100_000_000;
const PREFIX_BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

/** Addresses and networks in one text, with commas between them; or `none`. */
function networks(words: { readonly description: string; readonly reason: string }): Setting<string> {
  return {
    ...words,
    default: "none",
    defaultText: "none",
    unit: "",
    allowed: "none, or addresses and CIDR blocks separated by commas, such as 10.0.0.7,fd00::/8",
    placeholder: "<list>",
    read(raw) {
      if (typeof raw !== "string") return undefined;
      return raw === "none" || raw.split(",").every(isNetwork) ? raw : undefined;
    },
  };
}

function isNetwork(entry: string): boolean {
  const [address = "", bits, ...rest] = entry.trim().split("/");
  const most = PREFIX_BITS[isIP(address)];
  if (most === undefined || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

/** How often, and for whom. */
export const RATE_SETTINGS = {
  maxConnectionsPerAddress: integer({
    default: 5_000,
    min: 1,
    max: 1_000_000,
    unit: "connections",
    description: "open connections of one address; an IPv6 address counts with its /64",
    reason:
      "Beyond it 429 TOO_MANY_REQUESTS before the upgrade. Half of maxConnections: no address takes all, and a plant behind one router fits.",
  }),
  trustedProxies: networks({
    description: "reverse proxies whose X-Forwarded-For says which client they speak for",
    reason: "Without it a proxy's clients count as one address; from anybody else the header means nothing.",
  }),
  maxRequestsPerSecond: integer({
    default: 2_000,
    min: 0,
    max: MAX_A_SECOND,
    unit: "requests/s",
    description: "HTTP requests and WebSocket upgrades of one address a second, health and metrics not counted; 0: any",
    reason:
      "Beyond it 429 RATE_LIMITED; three seconds' worth may come at once. A fifth of what one core answers; many readings belong on a socket.",
  }),
  maxFramesPerSecond: integer({
    default: 0,
    min: 0,
    max: MAX_A_SECOND,
    unit: "frames/s",
    description: "WebSocket messages of one connection a second; 0: any",
    reason:
      "Beyond it RATE_LIMITED, and the socket is not read until it may go on. 0: turns of the loop are shared fairly anyway, and one gateway may bring a million readings a second.",
  }),
  maxBytesPerSecond: bytes({
    default: 0,
    min: 0,
    max: 1024 * GIB,
    description: "bytes of WebSocket messages of one connection a second; 0: any",
    reason: "As maxFramesPerSecond. A message larger than a second's worth passes, and is waited for afterwards.",
  }),
  maxLoopDelayMs: integer({
    default: 3_000,
    min: 0,
    max: 600_000,
    unit: "ms",
    description: "delay of the event loop beyond which new work is refused; 0: never",
    reason:
      "A late answer is of no use to a sensor, and clients give up after ten seconds. Beyond it 503 OVERLOADED to requests, connections, subscriptions and predictions until the loop is well below it again; what was accepted is answered.",
  }),
} as const;
