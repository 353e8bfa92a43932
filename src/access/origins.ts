// Pages of browsers. A browser sends what any page asks it to, from wherever its user stands: within a private network, on
// the machine itself. So a page of another origin is refused unless it is allowed, and where no token protects the server,
// so is a name that somebody else may have pointed at its address.
import { isIP } from "node:net";
import { TidewireError } from "../errors.js";

/** What the configuration says of pages. */
export interface OriginSettings {
  readonly allowedOrigins: readonly string[];
  /** The address or name that the server listens on. */
  readonly host: string;
}

/** What of a request tells where it comes from. */
export interface Whence {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}

/** Names that no name server is asked for. */
const LOCAL_NAMES = /^(localhost|.+\.localhost)$/;
/** Addresses that only this machine has. */
const LOCAL_ADDRESSES = /^(127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Which pages may use the server: its own, those that are allowed, and where nobody is asked for a token also those that
 * the user's machine serves itself, as tools for developing pages do. What runs there could ask without a page as well.
 */
export class Origins {
  /** As browsers write them; `*` for all. */
  readonly allowed: readonly string[];
  readonly #allowsAll: boolean;
  readonly #names: ReadonlySet<string>;
  readonly #isOpen: boolean;

  /** @param isOpen whether nobody is asked for a token */
  constructor({ allowedOrigins, host }: OriginSettings, isOpen: boolean) {
    this.allowed = allowedOrigins.map((origin) => (origin === "*" ? origin : new URL(origin).origin));
    this.#allowsAll = allowedOrigins.includes("*");
    const hosts = this.allowed.filter((origin) => origin !== "*").map((origin) => new URL(origin).hostname);
    this.#names = new Set([host.toLowerCase(), ...hosts]);
    this.#isOpen = isOpen;
  }

  /**
   * Why a request is refused; undefined where it is not.
   *
   * @param changes whether it could change something, or opens a WebSocket, whose answers any page may read
   */
  refusal({ origin, host }: Whence, changes: boolean): TidewireError | undefined {
    if (this.#isOpen && host !== undefined && !this.#isKnownHost(host)) return strangeHost(host);
    if (!changes || origin === undefined || this.#mayAsk(origin, host)) return undefined;
    return strangeOrigin(origin);
  }

  /** Whether pages of another origin may use the server. */
  allows(origin: string): boolean {
    if (this.#allowsAll || this.allowed.includes(origin)) return true;
    const { hostname = "" } = urlOf(origin) ?? {};
    return this.#isOpen && (LOCAL_NAMES.test(hostname) || LOCAL_ADDRESSES.test(hostname));
  }

  #mayAsk(origin: string, host: string | undefined): boolean {
    if (this.allows(origin)) return true;
    const page = urlOf(origin);
    return page !== undefined && host !== undefined && urlOf(`${page.protocol}//${host}`)?.host === page.host;
  }

  /** An address cannot be pointed elsewhere; a name can, except for those that mean this machine or were allowed. */
  #isKnownHost(host: string): boolean {
    const name = urlOf(`http://${host}`)?.hostname;
    if (name === undefined) return false;
    return this.#names.has(name) || LOCAL_NAMES.test(name) || isIP(name.replace(/^\[|\]$/g, "")) !== 0;
  }
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

const MAX_SHOWN = 200;

function strangeOrigin(origin: string): TidewireError {
  const shown = origin.slice(0, MAX_SHOWN);
  const message = `pages of ${shown} may not use this server: add that origin to allowedOrigins (TIDEWIRE_ALLOWED_ORIGINS)`;
  return new TidewireError("PERMISSION_DENIED", message, { origin: shown, setting: "allowedOrigins" });
}

function strangeHost(host: string): TidewireError {
  const shown = host.slice(0, MAX_SHOWN);
  const message = `this server asks for no token, and is not known as ${shown}: ask it by its address, or add http://${shown} to allowedOrigins (TIDEWIRE_ALLOWED_ORIGINS)`;
  return new TidewireError("PERMISSION_DENIED", message, { host: shown, setting: "allowedOrigins" });
}
