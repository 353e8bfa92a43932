// JSON Web Tokens (RFC 7519) of others: what a token claims counts once a key of ours has signed it, by the one algorithm
// that goes with that key. What the token itself says of algorithms and keys only chooses among those.
import { createPublicKey, type KeyObject } from "node:crypto";
import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { Grant, unauthenticated } from "./grant.js";
import { MAX_SCOPES, parseScope, type Scope } from "./scopes.js";

/** How far the clocks of an issuer and of this server may be apart. */
const CLOCK_TOLERANCE_S = 10;
/** As long as the hash (RFC 7518, section 3.2): a shorter one could be guessed from a token. */
const MIN_SECRET_BYTES = 32;
/** As long as it must be (RFC 7518, section 3.3). */
const MIN_RSA_BITS = 2048;
/** Longest subject, in characters. */
export const MAX_SUBJECT_LENGTH = 256;
/** End of the year 9999: no later time can be told. */
const LAST_MS = 253_402_300_799_000;

/** Something that tokens are checked with. */
export interface Verifier {
  /** The algorithms that go with the key; no other is ever tried with it. */
  readonly algorithms: readonly string[];
  /** Of the server's own tokens: their `kid`, which others must not have. */
  readonly kid?: string;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  readonly toleranceS?: number;
  readonly key: KeyObject | JWTVerifyGetKey;
}

/** The secret of a file's bytes, one line break at its end left out. @throws Error when it is too short */
export function readSecret(bytes: Buffer): Buffer {
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : bytes.length;
  const secret = bytes.subarray(0, end);
  if (secret.length < MIN_SECRET_BYTES)
    throw new Error(
      `has ${secret.length} bytes, must have at least ${MIN_SECRET_BYTES}: openssl rand -hex 32 makes one`,
    );
  return secret;
}

/** A public key of its PEM text, with the algorithm that goes with it. @throws Error for a key of another kind */
export function readPublicKey(pem: string): { readonly key: KeyObject; readonly algorithm: string } {
  if (pem.includes("PRIVATE KEY")) throw new Error("holds a private key: the server needs the public one only");
  const key = createPublicKey(pem);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "rsa" && (details?.modulusLength ?? 0) >= MIN_RSA_BITS) return { key, algorithm: "RS256" };
  if (type === "ec" && details?.namedCurve === "prime256v1") return { key, algorithm: "ES256" };
  throw new Error(`holds a key of kind ${type}: RSA of at least ${MIN_RSA_BITS} bits, or EC P-256, is expected`);
}

/** What a JSON Web Token grants by the first of the verifiers that has signed it. @throws TidewireError UNAUTHENTICATED; whatever fetching a key throws */
export async function verifyJwt(token: string, verifiers: readonly Verifier[]): Promise<Grant> {
  const { alg, kid } = headerOf(token);
  const fitting = verifiers.filter((one) => one.algorithms.includes(alg) && (one.kid === undefined || one.kid === kid));
  let failure: unknown = unauthenticated(
    `the token is signed with ${JSON.stringify(alg.slice(0, 20))}, for which this server has no key`,
  );
  for (const verifier of fitting) {
    try {
      return toGrant(await claimsOf(token, verifier), verifier);
    } catch (error) {
      failure = error;
      // Only a signature by another key is worth another try.
      if (!isForeign(error)) break;
    }
  }
  throw failure instanceof errors.JOSEError ? refusalOf(failure) : failure;
}

/** Whether a text has the form of a JSON Web Token. */
export function looksLikeJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}

/** What chooses the key of a token: said by whoever sends it, and not believed yet. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | undefined;
}

/** The header of a token that nobody has checked. @throws TidewireError UNAUTHENTICATED where it is none */
export function headerOf(token: string): TokenHeader {
  const { alg, kid } = decode(token);
  if (typeof alg !== "string" || (kid !== undefined && typeof kid !== "string"))
    throw unauthenticated("the token's header must name its algorithm (alg) and key (kid) by texts");
  return { alg, kid };
}

function decode(token: string): Readonly<Record<string, unknown>> {
  try {
    return { ...decodeProtectedHeader(token) };
  } catch {
    throw unauthenticated("the token is not known here, and no JSON Web Token either");
  }
}

async function claimsOf(token: string, verifier: Verifier): Promise<JWTPayload> {
  const { algorithms, issuer, audience, toleranceS = CLOCK_TOLERANCE_S, key } = verifier;
  const options = {
    algorithms: [...algorithms],
    requiredClaims: ["exp"],
    clockTolerance: toleranceS,
    ...(issuer && { issuer }),
    ...(audience && { audience }),
  };
  // The two signatures of jwtVerify are not one for the compiler.
  const { payload } =
    typeof key === "function" ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options);
  return payload;
}

function isForeign(error: unknown): boolean {
  return error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey;
}

function toGrant(claims: JWTPayload, { toleranceS = CLOCK_TOLERANCE_S }: Verifier): Grant {
  const { exp = 0 } = claims;
  const sub: unknown = claims.sub ?? "";
  if (typeof sub !== "string") throw unauthenticated('the token\'s claim "sub" must be a text', { claim: "sub" });
  const subject = (sub || "unnamed").slice(0, MAX_SUBJECT_LENGTH);
  const expiresAtMs = toMs(exp + toleranceS);
  return new Grant({ subject, scopes: scopesOf(claims), expiresAtMs });
}

/** A time of a claim, as near to it as can be told. */
function toMs(seconds: number): number {
  return Math.min(Math.max(seconds * 1000, 0), LAST_MS);
}

/** Of `scope`, a text with spaces (RFC 8693, section 4.2), or of `scopes`, a list. Those of other services mean nothing here. */
function scopesOf({ scope, scopes }: JWTPayload): Scope[] {
  const spaced = typeof scope === "string" ? scope.split(" ") : [];
  const listed = Array.isArray(scopes) ? scopes.filter((one) => typeof one === "string") : [];
  return [...spaced, ...listed].slice(0, MAX_SCOPES).flatMap(ownScope);
}

function ownScope(text: string): Scope[] {
  try {
    return [parseScope(text)];
  } catch {
    return []; // `openid`, `email` and their like
  }
}

function refusalOf(error: errors.JOSEError): Error {
  if (error instanceof errors.JWTExpired) {
    const expired_at = new Date(toMs(error.payload.exp ?? 0)).toISOString();
    return unauthenticated(`the token expired at ${expired_at}: get another`, { expired_at });
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const reason = error.reason === "missing" ? "is missing" : "is not what this server expects";
    return unauthenticated(`the token's claim "${error.claim}" ${reason}`, { claim: error.claim });
  }
  return unauthenticated("the token's signature is by no key that this server knows");
}
