// Which addresses are one client. A provider gives each customer a /64 of IPv6 at least, so all of it counts as one; an
// IPv4 address is the same whether a dual-stack socket writes it mapped or not.
import { BlockList, isIP } from "node:net";

const GROUPS = 8;
const GROUPS_OF_A_SITE = 4;
const MAPPED = "0:0:0:0:0:ffff";

/** The client that an address belongs to: the address, or the /64 of an IPv6 one; undefined for what is no address. */
export function clientOf(address: string): string | undefined {
  const [plain = ""] = address.split("%", 1);
  const family = isIP(plain);
  if (family === 0) return undefined;
  if (family === 4) return plain;
  const groups = groupsOf(plain);
  return mappedIn(groups) ?? `${groups.slice(0, GROUPS_OF_A_SITE).join(":")}::/64`;
}

/** Who sent a request. Both addresses are undefined once the peer is gone; its last request may still be looked at. */
interface AddressedRequest {
  /** What the peer says, where it is trusted, or its own. */
  readonly ip: string | undefined;
  readonly raw: { readonly socket: { readonly remoteAddress?: string | undefined } };
}

/** The client that a peer speaks for, or the peer where that is no address: a proxy may write anything. */
export function clientOfRequest({ ip = "", raw }: AddressedRequest): string {
  return clientOf(ip) ?? clientOf(raw.socket.remoteAddress ?? "") ?? "unknown";
}

/** Addresses and networks that are trusted to tell whom they speak for. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  /** @param listed  addresses and CIDR blocks with commas between them, or `none`; checked by the configuration */
  constructor(listed: string) {
    const entries = listed === "none" ? [] : listed.split(",").map((entry) => entry.trim());
    this.#isEmpty = entries.length === 0;
    for (const entry of entries) {
      const [address = "", bits] = entry.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  /** Whether an address is one of them. */
  has(address: string): boolean {
    if (this.#isEmpty) return false;
    const [plain = ""] = address.split("%", 1);
    const family = isIP(plain);
    if (family === 0) return false;
    const mapped = family === 6 ? mappedIn(groupsOf(plain)) : plain;
    return mapped === undefined ? this.#list.check(plain, "ipv6") : this.#list.check(mapped, "ipv4");
  }
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  const text = address.includes(".") ? withoutDots(address) : address;
  const [head = "", tail] = text.toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: GROUPS - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].map((group) => group.replace(/^0+(?=.)/, ""));
}

/** The IPv4 address that an IPv6 one is mapped from. */
function mappedIn(groups: readonly string[]): string | undefined {
  if (groups.slice(0, 6).join(":") !== MAPPED) return undefined;
  const bytes = groups
    .slice(6)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
  return bytes.join(".");
}

/** `::ffff:1.2.3.4` → `::ffff:102:304`. */
function withoutDots(address: string): string {
  const at = address.lastIndexOf(":") + 1;
  const [a = 0, b = 0, c = 0, d = 0] = address.slice(at).split(".").map(Number);
  return `${address.slice(0, at)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
