// What a case is: bytes that are sent, and the words that must be heard.
import type { Subprotocol } from "./raw-peer.js";

/** One case of RFC 6455. */
export interface FrameCase {
  /** Section and number as Autobahn's testsuite has them where it has the case; `T` for ours. */
  readonly id: string;
  readonly what: string;
  readonly subprotocol?: Subprotocol;
  /** Bytes, in pieces. */
  readonly sends: () => readonly Uint8Array[];
  /** Whether the server reads each piece before the next is sent. Default: "none". */
  readonly gap?: "none" | "turn";
  /** Words, in order; see `RawPeer.heard`. */
  readonly hears: readonly string[];
  /** Where this is not what the RFC asks for: what that would be, and why we leave it so. */
  readonly deviation?: string;
  /** Takes seconds or much memory: left out of the test suite. */
  readonly isLarge?: boolean;
}

/** What is heard when a connection is failed with a code: the close, and the end. */
export const failed = (code: number): string[] => [`CLOSE ${code}`, "END"];

/** The bytes one by one. */
export function octets(bytes: Uint8Array): Uint8Array[] {
  return chops(bytes, 1);
}

/** The bytes in pieces of `size`. */
export function chops(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}
