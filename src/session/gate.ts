// Who a connection is: it shows a token in its request or in its first frame, and another before that one ends. Whatever
// comes before a first token is neither run nor kept, but for what a client sends right behind it.
import type { Authenticate, Authenticated } from "../../generated/ts/tidewire/v1/access.js";
import { type Grant, NOBODY, unauthenticated } from "../access/grant.js";
import { scopeText } from "../access/scopes.js";
import { ERRORS, TidewireError } from "../errors.js";
import { toTidewireError } from "../machine-faults.js";
import type { Codec } from "../wire/codec.js";
import type { Opening } from "./opening.js";
import type { SessionServices } from "./services.js";
import type { Session } from "./session.js";
import { toTimestamp } from "./timestamps.js";

/** Longest message before a token: the longest token, and a subscription or two behind it. */
export const MAX_CLOSED_OFF_BYTES = 16 * 1024;
/** Bytes of messages that wait behind a first token while it is checked; a pause ends what the network had brought by then. */
const MAX_WAITING_BYTES = 256 * 1024;
/** "Try again later" (RFC 6455, registry of close codes): the token may be good, it cannot be told now. */
const TRY_AGAIN_CODE = 1013;

/** Keeps one session's grant. */
export class Gate {
  readonly #session: Session;
  readonly #services: SessionServices;
  readonly #client: string;
  #grant: Grant;
  /** Whether a token is being checked. */
  #isChecking = false;
  #waiting: (Uint8Array | string)[] = [];
  #waitingBytes = 0;
  #timeout: NodeJS.Timeout | undefined;
  #unwatch: () => void = () => undefined;
  #isClosed = false;

  constructor(session: Session, services: SessionServices, { grant, client = "unknown" }: Opening) {
    this.#session = session;
    this.#services = services;
    this.#client = client;
    this.#grant = grant;
    if (this.isOpen) this.#watch();
    else this.#waitForToken();
  }

  #waitForToken(): void {
    this.#services.sessions.closedOff.enter(this.#client);
    this.#timeout = setTimeout(() => this.#late(), this.#services.limits.authTimeoutMs);
  }

  get grant(): Grant {
    return this.#grant;
  }

  /** Whether a token was shown. */
  get isOpen(): boolean {
    return this.#grant !== NOBODY;
  }

  close(): void {
    this.#isClosed = true;
    this.#opened();
    this.#unwatch();
    this.#waiting = [];
  }

  /** The time to show a first token is over, one way or the other. */
  #opened(): void {
    if (!this.#timeout) return;
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
    this.#services.sessions.closedOff.leave(this.#client);
  }

  // ---- the first token ----

  /** Takes a message of a connection that has shown no token: it must be one. */
  receive(codec: Codec, message: Uint8Array | string): void {
    if (this.#isChecking) return this.#keep(message);
    if (message.length > MAX_CLOSED_OFF_BYTES)
      return this.#refuse(0, unauthenticated(`a first frame has at most ${MAX_CLOSED_OFF_BYTES} bytes`));
    try {
      const { id, body } = codec.decode(message);
      if (body?.$case === "authenticate") void this.#admit(body.value, id);
      else this.#refuse(id, unauthenticated("this server asks for a token: send authenticate first"));
    } catch (error) {
      this.#refuse(0, unauthenticated(`the first frame must be authenticate: ${toTidewireError(error).message}`));
    }
  }

  #keep(message: Uint8Array | string): void {
    this.#waitingBytes += message.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES)
      return this.#refuse(0, unauthenticated(`more than ${MAX_WAITING_BYTES} bytes came before the token was checked`));
    this.#waiting.push(message);
  }

  async #admit({ token }: Authenticate, id: number): Promise<void> {
    const credit = this.#services.limits.maxInFlight + 1; // the whole window: nothing more is read meanwhile
    this.#isChecking = true;
    this.#session.begin({ credit });
    try {
      this.#grant = await this.#services.access.authenticate(token);
    } catch (error) {
      return this.#refuse(id, error);
    } finally {
      this.#isChecking = false;
      this.#session.answered(credit);
    }
    if (!this.#session.isClosedOff) return;
    this.#opened();
    this.#watch();
    this.#session.reply(id, { $case: "authenticated", value: toAuthenticated(this.#grant) });
    this.#session.admit();
    for (const message of this.#waiting.splice(0)) this.#session.pass(message);
  }

  #late(): void {
    const { authTimeoutMs } = this.#services.limits;
    this.#refuse(0, unauthenticated(`no token came within ${authTimeoutMs} ms: send authenticate as the first frame`));
  }

  /** Says why, and closes. */
  #refuse(id: number, thrown: unknown): void {
    const error = toTidewireError(thrown);
    this.#session.refuse(id, thrown);
    this.#session.end(error.retryable ? TRY_AGAIN_CODE : ERRORS.UNAUTHENTICATED.closeCode, error.code);
  }

  // ---- the next one ----

  /** Takes a further token in place of the one before. One that is not valid changes nothing. @throws TidewireError */
  renew({ token }: Authenticate, id: number): void {
    if (this.#isChecking)
      throw new TidewireError("TOO_MANY_REQUESTS", "another token is being checked: send one at a time");
    this.#isChecking = true;
    this.#services.access
      .authenticate(token)
      .then((grant) => this.#replace(grant, id))
      .catch((error: unknown) => this.#session.refuse(id, error))
      .finally(() => {
        this.#isChecking = false;
      });
  }

  #replace(grant: Grant, id: number): void {
    if (this.#isClosed) return; // while the token was checked; nobody would end the watch of its grant
    this.#unwatch();
    this.#grant = grant;
    this.#watch();
    this.#session.reply(id, { $case: "authenticated", value: toAuthenticated(grant) });
    this.#session.revalidate();
  }

  #watch(): void {
    this.#unwatch = this.#services.access.watch.watch(this.#grant, (reason) => this.#refuse(0, reason));
  }
}

function toAuthenticated({ subject, scopes, expiresAtMs }: Grant): Authenticated {
  const expiresAt = Number.isFinite(expiresAtMs) ? toTimestamp(expiresAtMs) : undefined;
  return { subject, scopes: scopes.map(scopeText), expiresAt };
}
