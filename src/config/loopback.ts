import { isIPv4 } from "node:net";

/** Whether an address is reached from this machine only. Names other than localhost count as reachable by others. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || (isIPv4(name) && name.startsWith("127."));
}
