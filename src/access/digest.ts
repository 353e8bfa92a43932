// Tokens as they are kept: by their hash.
import { createHash } from "node:crypto";

/**
 * SHA-256 of a token. A plain hash is enough: tokens are random and long, so there is nothing to guess that a slow hash
 * would protect, and it is computed for every request.
 */
export function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
