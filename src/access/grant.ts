// What whoever has shown a token may do, for as long as it may.
import { TidewireError } from "../errors.js";
import { type Action, ADMIN, covers, MAX_SCOPE_LENGTH, type Scope, scopeOf, scopeText } from "./scopes.js";

/** How a token is shown, for whoever has not. */
const HOW =
  'send it as "Authorization: Bearer <token>", or over WebSocket as a first frame authenticate or as the subprotocol tidewire.bearer.<token>';

/** What a grant is made of. */
export interface GrantParts {
  /** Whom the token was made for. */
  readonly subject: string;
  readonly scopes: readonly Scope[];
  /** Unix time in milliseconds at which it ends. Default: never. */
  readonly expiresAtMs?: number | undefined;
}

/** A subject's rights. Asking it costs nothing that counts; it says no by an error that names what is missing. */
export class Grant {
  readonly subject: string;
  readonly scopes: readonly Scope[];
  /** Unix time in milliseconds; Infinity where it never ends. */
  readonly expiresAtMs: number;
  readonly #isFull: boolean;
  #isRevoked = false;
  /** The last that was allowed: publishers say the same topic again and again. */
  #allowed = scopeOf("admin", "-");

  constructor({ subject, scopes, expiresAtMs = Number.POSITIVE_INFINITY }: GrantParts) {
    this.subject = subject;
    this.scopes = scopes;
    this.expiresAtMs = expiresAtMs;
    this.#isFull = scopes.some(({ action }) => action === "admin");
  }

  /** Whether a scope covers the action on that ensemble, topic or pattern. */
  allows(action: Action, target = ""): boolean {
    if (this.#isFull || (this.#allowed.action === action && this.#allowed.target === target)) return true;
    const needed = scopeOf(action, target);
    if (!this.allowsAll(needed)) return false;
    this.#allowed = needed;
    return true;
  }

  /** Whether all that a scope allows is allowed by one of these. */
  allowsAll(scope: Scope): boolean {
    return this.scopes.some((held) => covers(held, scope));
  }

  /** @throws TidewireError PERMISSION_DENIED, or UNAUTHENTICATED for {@link NOBODY}; `details.needs` is the scope */
  require(action: Action, target = ""): void {
    if (!this.allows(action, target)) throw this.#refusal(scopeText({ action, target }).slice(0, MAX_SCOPE_LENGTH));
  }

  #refusal(needs: string): TidewireError {
    if (this === NOBODY) return unauthenticated(`this needs a token with the scope ${needs}: ${HOW}`, { needs });
    const message = `this needs the scope ${needs}, which the token of "${this.subject}" does not have: use one that has it`;
    return new TidewireError("PERMISSION_DENIED", message, { needs, subject: this.subject });
  }

  /** The token was taken away. */
  revoke(): void {
    this.#isRevoked = true;
  }

  /** Whether it may end at all. */
  get canEnd(): boolean {
    return !ETERNAL.has(this);
  }

  /** Why it is at its end; undefined while it is not. */
  endedAt(nowMs: number): TidewireError | undefined {
    if (this.#isRevoked) return unauthenticated("the token is no longer valid here: use another");
    if (nowMs < this.expiresAtMs) return undefined;
    const expired_at = new Date(this.expiresAtMs).toISOString();
    return unauthenticated(`the token expired at ${expired_at}: get another`, { expired_at });
  }
}

/** Everybody, on a server that asks for no tokens. */
export const EVERYBODY = new Grant({ subject: "anonymous", scopes: [ADMIN] });

/** Whoever has not shown a token where one is needed. */
export const NOBODY = new Grant({ subject: "nobody", scopes: [] });

const ETERNAL: ReadonlySet<Grant> = new Set([EVERYBODY, NOBODY]);

/** No valid token. */
export function unauthenticated(message: string, details?: Readonly<Record<string, unknown>>): TidewireError {
  return new TidewireError("UNAUTHENTICATED", message, details);
}
