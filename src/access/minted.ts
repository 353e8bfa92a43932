// Tokens that the server makes from others': JSON Web Tokens signed with a key of its own, which never leaves it.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { SignJWT } from "jose";
import type { Logger } from "pino";
import { TidewireError } from "../errors.js";
import { ACCESS_FOLDER } from "./folder.js";
import { type Grant, unauthenticated } from "./grant.js";
import { MAX_SUBJECT_LENGTH, type Verifier } from "./jwt.js";
import { MintingKey } from "./minting-key.js";
import { MAX_TOKEN_LENGTH } from "./presented.js";
import { MAX_MINTED_SCOPES, parseScope, type Scope, scopeText } from "./scopes.js";

/** Tells these tokens from all others that are signed with HS256. */
export const KID = "tidewire-minted";
const ISSUER = "tidewire";
const ALGORITHM = "HS256";
/** Subjects stand in logs and on screens: nothing that ends a line there, or turns one around. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** What is asked for. */
export interface MintRequest {
  readonly scopes: readonly string[];
  readonly ttlSeconds?: number | undefined;
  readonly subject?: string | undefined;
}

/** A token made from another. */
export interface Minted {
  readonly token: string;
  readonly subject: string;
  readonly scopes: readonly Scope[];
  readonly expiresAtMs: number;
}

/** Makes tokens, and knows them again after a restart. */
export class Mint {
  readonly #maxTtlMs: number;
  readonly #key: MintingKey;

  /** @param maxTtlMs longest life of a token */
  constructor(dataDir: string, maxTtlMs: number, log: Logger) {
    this.#maxTtlMs = maxTtlMs;
    this.#key = new MintingKey(join(dataDir, ACCESS_FOLDER), log);
  }

  /** Checks the tokens made here; there are none before the first was made. @throws TidewireError OVERLOADED, retryable, while the key cannot be read */
  verifier(): Verifier | undefined {
    const key = this.#key.find();
    return key && { algorithms: [ALGORITHM], kid: KID, issuer: ISSUER, toleranceS: 0, key };
  }

  /**
   * A token that allows nothing which `grant` does not, and ends no later than it.
   *
   * @throws TidewireError INVALID_MESSAGE for what is no scope or no subject, and for a token that would be too long to
   * be taken; PERMISSION_DENIED for a scope that is not one's own to give; OVERLOADED, retryable, while there is no key
   */
  async make(grant: Grant, { scopes: texts, ttlSeconds, subject: named }: MintRequest): Promise<Minted> {
    const subject = named === undefined ? grant.subject : checkSubject(named);
    const scopes = readScopes(texts);
    const beyond = scopes.find((scope) => !grant.allowsAll(scope));
    if (beyond) throw notYours(scopeText(beyond), grant);
    const nowMs = Date.now();
    const ttlMs = Math.min(ttlSeconds === undefined ? this.#maxTtlMs : ttlSeconds * 1000, this.#maxTtlMs);
    const expiresAtS = Math.floor(Math.min(nowMs + ttlMs, grant.expiresAtMs) / 1000);
    if (expiresAtS * 1000 <= nowMs) throw unauthenticated("the token ends within this second: get another");
    const token = await new SignJWT({ scopes: scopes.map(scopeText) })
      .setProtectedHeader({ alg: ALGORITHM, kid: KID, typ: "JWT" })
      .setIssuer(ISSUER)
      .setSubject(subject)
      .setIssuedAt(Math.floor(nowMs / 1000))
      .setExpirationTime(expiresAtS)
      .setJti(randomBytes(9).toString("base64url"))
      .sign(this.#key.findOrMake());
    if (token.length > MAX_TOKEN_LENGTH) throw tooLong(token.length);
    return { token, subject, scopes, expiresAtMs: expiresAtS * 1000 };
  }
}

function readScopes(texts: readonly string[]): Scope[] {
  if (texts.length > 0 && texts.length <= MAX_MINTED_SCOPES) return texts.map(parseScope);
  const message = `scopes: expected 1 to ${MAX_MINTED_SCOPES} scopes such as "subscribe:training.run_1", came ${texts.length}`;
  throw new TidewireError("INVALID_MESSAGE", message, { field: "scopes", limit: MAX_MINTED_SCOPES });
}

function notYours(needs: string, { subject }: Grant): TidewireError {
  const message = `the token of "${subject}" does not have ${needs}, and cannot give what it does not have`;
  return new TidewireError("PERMISSION_DENIED", message, { needs, subject });
}

function checkSubject(subject: string): string {
  if (subject !== "" && subject.length <= MAX_SUBJECT_LENGTH && !UNPRINTABLE.test(subject)) return subject;
  const message = `subject: expected 1 to ${MAX_SUBJECT_LENGTH} printable characters`;
  throw new TidewireError("INVALID_MESSAGE", message, { field: "subject", limit: MAX_SUBJECT_LENGTH });
}

function tooLong(length: number): TidewireError {
  const limit = MAX_TOKEN_LENGTH;
  const message = `scopes: the token would have ${length} characters, and the longest that is taken has ${limit}: ask for fewer scopes, or for patterns`;
  return new TidewireError("INVALID_MESSAGE", message, { field: "scopes", limit });
}
