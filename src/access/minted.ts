// Tokens that the server makes from others': JSON Web Tokens signed with a key of its own, which never leaves it.
import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { SignJWT } from "jose";
import { TidewireError } from "../errors.js";
import { ACCESS_FOLDER } from "./folder.js";
import { type Grant, unauthenticated } from "./grant.js";
import type { Verifier } from "./jwt.js";
import { MAX_MINTED_SCOPES, parseScope, type Scope, scopeText } from "./scopes.js";

const KEY_FILE = "minting.key";
const KEY_BYTES = 32;
/** Tells these tokens from all others that are signed with HS256. */
const KID = "tidewire-minted";
const ISSUER = "tidewire";
const ALGORITHM = "HS256";

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
  readonly #folder: string;
  readonly #maxTtlMs: number;
  #key: KeyObject | undefined;

  /** @param maxTtlMs longest life of a token */
  constructor(dataDir: string, maxTtlMs: number) {
    this.#folder = join(dataDir, ACCESS_FOLDER);
    this.#maxTtlMs = maxTtlMs;
  }

  /** Checks the tokens made here; there are none before the first was made. @throws Error of the disk */
  verifier(): Verifier | undefined {
    this.#key ??= readKey(this.#folder);
    return this.#key && { algorithms: [ALGORITHM], kid: KID, issuer: ISSUER, toleranceS: 0, key: this.#key };
  }

  /**
   * A token that allows nothing which `grant` does not, and ends no later than it.
   *
   * @throws TidewireError INVALID_MESSAGE for what is no scope, PERMISSION_DENIED for one that is not one's own to give
   */
  async make(grant: Grant, { scopes: texts, ttlSeconds, subject = grant.subject }: MintRequest): Promise<Minted> {
    const scopes = readScopes(texts);
    const beyond = scopes.find((scope) => !grant.allowsAll(scope));
    if (beyond) throw notYours(scopeText(beyond), grant);
    const nowMs = Date.now();
    const ttlMs = Math.min(ttlSeconds === undefined ? this.#maxTtlMs : ttlSeconds * 1000, this.#maxTtlMs);
    const expiresAtS = Math.floor(Math.min(nowMs + ttlMs, grant.expiresAtMs) / 1000);
    if (expiresAtS * 1000 <= nowMs) throw unauthenticated("the token ends within this second: get another");
    this.#key ??= readKey(this.#folder) ?? makeKey(this.#folder);
    const token = await new SignJWT({ scopes: scopes.map(scopeText) })
      .setProtectedHeader({ alg: ALGORITHM, kid: KID, typ: "JWT" })
      .setIssuer(ISSUER)
      .setSubject(subject)
      .setIssuedAt(Math.floor(nowMs / 1000))
      .setExpirationTime(expiresAtS)
      .setJti(randomBytes(9).toString("base64url"))
      .sign(this.#key);
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

function readKey(folder: string): KeyObject | undefined {
  try {
    const bytes = readFileSync(join(folder, KEY_FILE));
    if (bytes.length === KEY_BYTES) return createSecretKey(bytes);
    throw new Error(`${join(folder, KEY_FILE)} holds no key: remove it, and a new one is made; tokens made before end`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whole or not at all, and readable by the server's own user only. */
function makeKey(folder: string): KeyObject {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const bytes = randomBytes(KEY_BYTES);
  const part = join(folder, `${KEY_FILE}.${randomBytes(6).toString("hex")}.part`);
  const file = openSync(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
    linkSync(part, join(folder, KEY_FILE));
  } finally {
    closeSync(file);
    unlinkSync(part);
  }
  return createSecretKey(bytes);
}
