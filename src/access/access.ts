// A token to what it grants, by whatever the server was given to know tokens by.
import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import { TidewireError } from "../errors.js";
import { AccessError } from "./access-error.js";
import { FileWatch } from "./file-watch.js";
import { EVERYBODY, type Grant, unauthenticated } from "./grant.js";
import { GrantWatch } from "./grant-watch.js";
import { headerOf, looksLikeJwt, type Verifier, verifyJwt } from "./jwt.js";
import { KID, Mint, type Minted, type MintRequest } from "./minted.js";
import { MAX_TOKEN_LENGTH } from "./presented.js";
import { adminToken, readTokenFile, StaticTokens, type TokenRow } from "./token-file.js";
import { VerifiedTokens } from "./verified.js";
import { readVerifiers } from "./verifiers.js";

/** What the configuration says of tokens; empty texts are not set. */
export interface AccessSettings {
  readonly token: string;
  readonly tokenFile: string;
  readonly jwtSecretFile: string;
  readonly jwtKeyFile: string;
  readonly jwksUrl: string;
  readonly jwtIssuer: string;
  readonly jwtAudience: string;
  readonly dataDir: string;
  readonly maxTokenTtlMs: number;
}

/** Knows who is who. */
export interface Authenticator {
  /** Whether nobody is asked for a token. */
  readonly isOpen: boolean;
  /** Grants in use, which may end. */
  readonly watch: GrantWatch;
  /**
   * What a token grants; on a server that asks for none, everything whatever the token.
   *
   * @throws TidewireError UNAUTHENTICATED for one that is unknown or has expired; OVERLOADED, retryable, when the keys
   *   to check it with cannot be had now
   */
  authenticate(token: string): Promise<Grant>;
}

/** A server's tokens. */
export class Access implements Authenticator, Disposable {
  readonly isOpen: boolean;
  readonly watch = new GrantWatch();
  readonly #settings: AccessSettings;
  readonly #log: Logger;
  readonly #tokens = new StaticTokens();
  readonly #verified = new VerifiedTokens();
  readonly #mint: Mint;
  #verifiers: readonly Verifier[] = [];
  #fileWatch: FileWatch | undefined;

  private constructor(settings: AccessSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#mint = new Mint(settings.dataDir, settings.maxTokenTtlMs, log);
    const { token, tokenFile, jwtSecretFile, jwtKeyFile, jwksUrl } = settings;
    this.isOpen = [token, tokenFile, jwtSecretFile, jwtKeyFile, jwksUrl].every((setting) => setting === "");
  }

  /** Reads everything that the settings name. @throws AccessError with all that is wrong */
  static async open(settings: AccessSettings, log: Logger): Promise<Access> {
    const access = new Access(settings, log);
    if (settings.tokenFile !== "") access.#fileWatch = new FileWatch([settings.tokenFile], access.#reload);
    const { rows, problems: wrongTokens } = access.#readTokens();
    const { verifiers, problems: wrongKeys } = readVerifiers(settings, log);
    const problems = [...wrongTokens, ...wrongKeys];
    if (problems.length > 0) {
      access[Symbol.dispose]();
      throw new AccessError(problems);
    }
    access.#tokens.replace(rows);
    access.#verifiers = verifiers;
    return access;
  }

  async authenticate(token: string): Promise<Grant> {
    if (this.isOpen) return EVERYBODY;
    if (token.length > MAX_TOKEN_LENGTH) throw unauthenticated(`a token has at most ${MAX_TOKEN_LENGTH} characters`);
    const grant = this.#tokens.find(token) ?? (await this.#verify(token));
    const ended = grant.endedAt(Date.now());
    if (ended) throw ended;
    return grant;
  }

  /**
   * A token made from a grant, never wider and never longer-lived than it.
   *
   * @throws TidewireError INVALID_MESSAGE, PERMISSION_DENIED; OVERLOADED, retryable, while there is no key for it
   */
  async mint(grant: Grant, request: MintRequest): Promise<Minted> {
    if (!this.isOpen) return this.#mint.make(grant, request);
    // It would protect nothing, and outlive the day on which the server gets its first token.
    const message =
      "this server asks for no tokens, so it makes none: set token, tokenFile or a key of JSON Web Tokens";
    throw new TidewireError("PERMISSION_DENIED", message);
  }

  async #verify(token: string): Promise<Grant> {
    const known = this.#verified.get(token, Date.now());
    if (known) return known;
    if (!looksLikeJwt(token)) throw unknownToken();
    // The key of one's own is nobody else's concern: without it, their tokens are as good as before.
    const own = headerOf(token).kid === KID ? this.#mint.verifier() : undefined;
    if (this.#verifiers.length === 0 && !own) throw unknownToken();
    const grant = await verifyJwt(token, own ? [own, ...this.#verifiers] : this.#verifiers);
    this.#verified.add(token, grant, Date.now());
    return grant;
  }

  #readTokens(): { readonly rows: readonly TokenRow[]; readonly problems: readonly string[] } {
    const { token, tokenFile } = this.#settings;
    const own = token === "" ? [] : [adminToken(token)];
    if (tokenFile === "") return { rows: own, problems: [] };
    try {
      const { rows, problems } = readTokenFile(readFileSync(tokenFile, "utf8"));
      return { rows: [...own, ...rows], problems: problems.map((problem) => `tokenFile ${tokenFile}: ${problem}`) };
    } catch (error) {
      return { rows: own, problems: [`tokenFile: cannot be read: ${(error as Error).message}`] };
    }
  }

  /** The file has changed. One that is broken changes nothing: whoever is in stays in. */
  readonly #reload = (): void => {
    const { rows, problems } = this.#readTokens();
    if (problems.length > 0) {
      this.#log.error({ problems }, "the token file is broken: the tokens stay as they were");
      return;
    }
    this.#tokens.replace(rows);
    this.watch.look(Date.now());
    this.#log.info({ tokens: rows.length }, "the token file was read again");
  };

  [Symbol.dispose](): void {
    this.#fileWatch?.[Symbol.dispose]();
  }
}

function unknownToken(): TidewireError {
  return unauthenticated("the token is not known here: it may be mistyped, or taken back");
}
