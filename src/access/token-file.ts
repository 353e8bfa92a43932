// Static tokens: rows of a file that holds their hashes, and the one of the configuration.
import { timingSafeEqual } from "node:crypto";
import { placeInJson, TidewireError } from "../errors.js";
import { digestOf } from "./digest.js";
import { Grant } from "./grant.js";
import { ADMIN, MAX_SCOPES, parseScope, type Scope } from "./scopes.js";

/** Most rows: each one is compared with every token that is shown. */
export const MAX_TOKENS = 1000;
/** Longest name, in characters. */
export const MAX_NAME_LENGTH = 128;

const SHA256_HEX = /^[0-9a-f]{64}$/i;
const ROW_KEYS: ReadonlySet<string> = new Set(["name", "sha256", "scopes", "expires_at"]);
/** RFC 3339 with an offset: a time without one would be another on each machine. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** A token that the server knows. */
export interface TokenRow {
  readonly name: string;
  /** Of the token's SHA-256. */
  readonly digest: Buffer;
  readonly scopes: readonly Scope[];
  readonly expiresAtMs: number | undefined;
}

/** A row with the rights it gives; the same object for as long as the row stays. */
interface KnownToken extends TokenRow {
  readonly grant: Grant;
}

/** The token of the configuration: it may do everything. */
export function adminToken(token: string): TokenRow {
  return { name: "admin", digest: digestOf(token), scopes: [ADMIN], expiresAtMs: undefined };
}

/** All static tokens of a server. */
export class StaticTokens {
  #tokens: readonly KnownToken[] = [];

  /** Takes the rows in place of those before. Grants of rows that are gone or changed are revoked; the others stay. */
  replace(rows: readonly TokenRow[]): void {
    const before = this.#tokens;
    this.#tokens = rows.map(
      (row) => before.find((known) => isSame(known, row)) ?? { ...row, grant: new Grant(grantOf(row)) },
    );
    for (const known of before) if (!this.#tokens.includes(known)) known.grant.revoke();
  }

  /** What a token grants; undefined where it is none of these. Compares with every row, and as long for each. */
  find(token: string): Grant | undefined {
    const digest = digestOf(token);
    let found: Grant | undefined;
    for (const known of this.#tokens) if (timingSafeEqual(known.digest, digest)) found = known.grant;
    return found;
  }
}

function grantOf({ name, scopes, expiresAtMs }: TokenRow) {
  return { subject: name, scopes, expiresAtMs };
}

function isSame(a: TokenRow, b: TokenRow): boolean {
  const same = a.name === b.name && a.expiresAtMs === b.expiresAtMs && a.digest.equals(b.digest);
  return same && JSON.stringify(a.scopes) === JSON.stringify(b.scopes);
}

/** The rows of a token file's text, and everything that is wrong with it. */
export function readTokenFile(text: string): { readonly rows: TokenRow[]; readonly problems: string[] } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return { rows: [], problems: [`is no JSON${placeInJson(error as SyntaxError)}`] };
  }
  const listed = isObject(content) ? content.tokens : undefined;
  if (!Array.isArray(listed)) return { rows: [], problems: ['must be {"tokens": […]}'] };
  if (listed.length > MAX_TOKENS)
    return { rows: [], problems: [`has ${listed.length} tokens, at most ${MAX_TOKENS} may be`] };
  const reader = new RowReader();
  const rows = listed.map((row, i) => reader.read(row, `tokens[${i}]`));
  return { rows: rows.filter((row) => row !== undefined), problems: reader.problems };
}

/** Reads rows, and keeps what is wrong with any of them. */
class RowReader {
  readonly problems: string[] = [];
  readonly #seen = new Map<string, string>();

  read(row: unknown, place: string): TokenRow | undefined {
    const before = this.problems.length;
    if (!isObject(row)) {
      this.problems.push(`${place}: must be an object`);
      return undefined;
    }
    for (const key of Object.keys(row)) if (!ROW_KEYS.has(key)) this.problems.push(`${place}.${key}: unknown key`);
    const name = this.#name(row.name, `${place}.name`);
    const digest = this.#digest(row.sha256, `${place}.sha256`);
    const scopes = this.#scopes(row.scopes, `${place}.scopes`);
    const expiresAtMs = this.#expiry(row.expires_at, `${place}.expires_at`);
    return this.problems.length > before ? undefined : { name, digest, scopes, expiresAtMs };
  }

  #name(value: unknown, place: string): string {
    const isName = typeof value === "string" && value !== "" && value.length <= MAX_NAME_LENGTH;
    if (!isName) this.problems.push(`${place}: must be a text of 1 to ${MAX_NAME_LENGTH} characters`);
    else this.#once(`name ${value}`, place);
    return isName ? value : "";
  }

  #digest(value: unknown, place: string): Buffer {
    const isDigest = typeof value === "string" && SHA256_HEX.test(value);
    if (!isDigest)
      this.problems.push(`${place}: must be the token's SHA-256 as 64 hex digits; tidewire token prints it`);
    else this.#once(`hash ${value.toLowerCase()}`, place);
    return Buffer.from(isDigest ? value : "", "hex");
  }

  /** Two rows for one thing: which one counts would be a guess. */
  #once(what: string, place: string): void {
    const first = this.#seen.get(what);
    if (first === undefined) this.#seen.set(what, place);
    else this.problems.push(`${place}: is the same as ${first}`);
  }

  #scopes(value: unknown, place: string): Scope[] {
    if (!Array.isArray(value) || value.length === 0 || value.length > MAX_SCOPES) {
      this.problems.push(`${place}: must be a list of 1 to ${MAX_SCOPES} scopes such as "subscribe:training.*"`);
      return [];
    }
    return value.flatMap((text, i) => this.#scope(text, `${place}[${i}]`));
  }

  #scope(text: unknown, place: string): Scope[] {
    try {
      return [parseScope(String(text))];
    } catch (error) {
      if (!(error instanceof TidewireError)) throw error;
      this.problems.push(`${place}: ${error.message}`);
      return [];
    }
  }

  #expiry(value: unknown, place: string): number | undefined {
    if (value === undefined) return undefined;
    const ms = typeof value === "string" && TIMESTAMP.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(ms)) this.problems.push(`${place}: must be a time such as "2027-01-31T00:00:00Z"`);
    return ms;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
