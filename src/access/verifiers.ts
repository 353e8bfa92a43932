// What JSON Web Tokens are checked with, as the configuration names it.
import { createSecretKey } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Logger } from "pino";
import { readPublicKey, readSecret, type Verifier } from "./jwt.js";
import { RemoteKeys } from "./remote-keys.js";

/** Everything of a file's rights that is not its owner's. */
const OTHERS = 0o077;

/** Keys, and whom they are believed; empty texts are not set. */
export interface KeySettings {
  readonly jwtSecretFile: string;
  readonly jwtKeyFile: string;
  readonly jwksUrl: string;
  readonly jwtIssuer: string;
  readonly jwtAudience: string;
}

/** Reads the keys; what is wrong with any of them is among the problems. */
export function readVerifiers(
  settings: KeySettings,
  log: Logger,
): { readonly verifiers: readonly Verifier[]; readonly problems: readonly string[] } {
  const { jwtSecretFile, jwtKeyFile, jwksUrl, jwtIssuer: issuer, jwtAudience: audience } = settings;
  const verifiers: Verifier[] = [];
  const problems: string[] = [];
  const add = (setting: string, path: string, read: () => Pick<Verifier, "algorithms" | "key">): void => {
    if (path === "") return;
    try {
      verifiers.push({ ...read(), issuer, audience });
    } catch (error) {
      problems.push(`${setting} ${path}: ${(error as Error).message}`);
    }
  };
  add("jwtSecretFile", jwtSecretFile, () => {
    const key = createSecretKey(readSecret(readFileSync(jwtSecretFile)));
    if ((statSync(jwtSecretFile).mode & OTHERS) !== 0)
      log.warn({ file: jwtSecretFile }, "other users may read the secret of JSON Web Tokens: chmod 600");
    return { algorithms: ["HS256"], key };
  });
  add("jwtKeyFile", jwtKeyFile, () => {
    const { key, algorithm } = readPublicKey(readFileSync(jwtKeyFile, "utf8"));
    return { algorithms: [algorithm], key };
  });
  add("jwksUrl", jwksUrl, () => ({ algorithms: ["RS256", "ES256"], key: new RemoteKeys(jwksUrl, log).get }));
  return { verifiers, problems };
}
