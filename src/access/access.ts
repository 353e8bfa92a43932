// A token to what it grants, by whatever the server was given to know tokens by.
import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import { FileWatch } from "./file-watch.js";
import { EVERYBODY, type Grant, unauthenticated } from "./grant.js";
import { GrantWatch } from "./grant-watch.js";
import { MAX_TOKEN_LENGTH } from "./presented.js";
import { adminToken, readTokenFile, StaticTokens, type TokenRow } from "./token-file.js";

/** What the configuration says of tokens; empty texts are not set. */
export interface AccessSettings {
  readonly token: string;
  readonly tokenFile: string;
  readonly jwtSecretFile: string;
  readonly jwtKeyFile: string;
  readonly jwksUrl: string;
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

/** Something the server was told to check tokens by is wrong; lists all of it. */
export class AccessError extends Error {
  override readonly name = "AccessError";

  constructor(problems: readonly string[]) {
    super(
      `the access settings have ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n  ${problems.join("\n  ")}`,
    );
  }
}

/** A server's tokens. */
export class Access implements Authenticator, Disposable {
  readonly isOpen: boolean;
  readonly watch = new GrantWatch();
  readonly #settings: AccessSettings;
  readonly #log: Logger;
  readonly #tokens = new StaticTokens();
  #fileWatch: FileWatch | undefined;

  private constructor(settings: AccessSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    const { token, tokenFile, jwtSecretFile, jwtKeyFile, jwksUrl } = settings;
    this.isOpen = [token, tokenFile, jwtSecretFile, jwtKeyFile, jwksUrl].every((setting) => setting === "");
  }

  /** Reads everything that the settings name. @throws AccessError with all that is wrong */
  static async open(settings: AccessSettings, log: Logger): Promise<Access> {
    const access = new Access(settings, log);
    if (settings.tokenFile !== "") access.#fileWatch = new FileWatch([settings.tokenFile], access.#reload);
    const { rows, problems } = access.#readTokens();
    if (problems.length > 0) {
      access[Symbol.dispose]();
      throw new AccessError(problems);
    }
    access.#tokens.replace(rows);
    return access;
  }

  async authenticate(token: string): Promise<Grant> {
    if (this.isOpen) return EVERYBODY;
    if (token.length > MAX_TOKEN_LENGTH) throw unauthenticated(`a token has at most ${MAX_TOKEN_LENGTH} characters`);
    const grant = this.#tokens.find(token);
    if (!grant) throw unauthenticated("the token is not known here: it may be mistyped, or taken back");
    const ended = grant.endedAt(Date.now());
    if (ended) throw ended;
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
