// Certificate and key, from files that somebody else renews.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import { AccessError } from "./access-error.js";
import { FileWatch } from "./file-watch.js";

/** Oldest version of TLS that is spoken; the ones before are withdrawn (RFC 8996). */
export const MIN_TLS_VERSION = "TLSv1.2";

/** Files of the configuration; empty texts are not set. */
export interface TlsSettings {
  readonly tlsCert: string;
  readonly tlsKey: string;
}

/** What a server is made with. */
export interface TlsContext {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: typeof MIN_TLS_VERSION;
}

/** Reads both files, and again when they change. */
export class TlsFiles implements Disposable {
  readonly #settings: TlsSettings;
  readonly #log: Logger;
  readonly #watch: FileWatch;
  #renewed: (context: TlsContext) => void = () => undefined;
  /** As it was read last. */
  context: TlsContext;

  private constructor(settings: TlsSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#watch = new FileWatch([settings.tlsCert, settings.tlsKey], () => this.#renew());
    try {
      this.context = this.#read();
    } catch (error) {
      this.#watch[Symbol.dispose]();
      throw error;
    }
  }

  /** Undefined where no TLS is configured. @throws AccessError naming the file and what is wrong with it */
  static open(settings: TlsSettings, log: Logger): TlsFiles | undefined {
    return settings.tlsCert === "" ? undefined : new TlsFiles(settings, log);
  }

  /** Calls the listener with what was read after a change. */
  onRenewal(renewed: (context: TlsContext) => void): void {
    this.#renewed = renewed;
  }

  #read(): TlsContext {
    const { tlsCert, tlsKey } = this.#settings;
    const problems: string[] = [];
    const cert = readAs("tlsCert", tlsCert, problems, (bytes) => new X509Certificate(bytes));
    const key = readAs("tlsKey", tlsKey, problems, readKey);
    if (cert && key && !cert.parsed.checkPrivateKey(key.parsed))
      problems.push(`tlsKey ${tlsKey}: is not the key of the certificate in ${tlsCert}`);
    if (!cert || !key || problems.length > 0) throw new AccessError(problems);
    if (Date.parse(cert.parsed.validTo) < Date.now())
      this.#log.warn({ file: tlsCert, valid_to: cert.parsed.validTo }, "the TLS certificate has expired");
    return { cert: cert.bytes, key: key.bytes, minVersion: MIN_TLS_VERSION };
  }

  /** Between two files that are written one after the other nothing fits: what was read before stays until it does. */
  #renew(): void {
    try {
      this.context = this.#read();
      this.#renewed(this.context);
      this.#log.info({ file: this.#settings.tlsCert }, "the TLS certificate was read again");
    } catch (error) {
      this.#log.error({ err: error }, "the TLS files have changed and cannot be used: those before stay in use");
    }
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

function readAs<T>(
  setting: string,
  path: string,
  problems: string[],
  parse: (bytes: Buffer) => T,
): { readonly bytes: Buffer; readonly parsed: T } | undefined {
  try {
    const bytes = readFileSync(path);
    return { bytes, parsed: parse(bytes) };
  } catch (error) {
    problems.push(`${setting} ${path}: ${(error as Error).message}`);
    return undefined;
  }
}

function readKey(bytes: Buffer): KeyObject {
  if (bytes.includes("ENCRYPTED")) throw new Error("the key is encrypted: openssl pkey -in … -out … writes it plainly");
  return createPrivateKey(bytes);
}
