// The key of the tokens that the server makes: a file of its data folder, made when the first of them is.
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
import type { Logger } from "pino";
import { TidewireError } from "../errors.js";

const KEY_FILE = "minting.key";
const KEY_BYTES = 32;
/** When a request that needed the key may come again: somebody has to mend it first. */
const RETRY_AFTER_MS = 10_000;
const REMEDY =
  "make it a file that the server's user may read, or remove it: then a new key is made, and tokens made before end";

/** Reads the key once it is needed. What is wrong with its file is told once, however many tokens ask for it. */
export class MintingKey {
  readonly #folder: string;
  readonly #log: Logger;
  #key: KeyObject | undefined;
  #told = "";

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Undefined where none was made yet. @throws TidewireError OVERLOADED, retryable, while its file cannot be used */
  find(): KeyObject | undefined {
    return this.#use(() => this.#read());
  }

  /** The key, made where there is none. @throws TidewireError OVERLOADED, retryable, while its file cannot be used */
  findOrMake(): KeyObject {
    return this.#use(() => this.#read() ?? this.#make()) as KeyObject;
  }

  #use(get: () => KeyObject | undefined): KeyObject | undefined {
    try {
      this.#key ??= get();
      this.#told = "";
      return this.#key;
    } catch (error) {
      this.#tell(error as Error);
      const message = "the key of the tokens that this server makes cannot be used; its log says what to do";
      throw new TidewireError("OVERLOADED", message, undefined, { retryAfterMs: RETRY_AFTER_MS, cause: error });
    }
  }

  #tell(error: Error): void {
    if (error.message === this.#told) return;
    this.#told = error.message;
    const file = join(this.#folder, KEY_FILE);
    this.#log.error({ err: error, file, remedy: REMEDY }, "the key of the tokens made here cannot be used");
  }

  #read(): KeyObject | undefined {
    try {
      const bytes = readFileSync(join(this.#folder, KEY_FILE));
      if (bytes.length === KEY_BYTES) return createSecretKey(bytes);
      throw new Error(`the file holds ${bytes.length} bytes and no key, which has ${KEY_BYTES}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Whole or not at all, and readable by the server's own user only. */
  #make(): KeyObject {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const bytes = randomBytes(KEY_BYTES);
    const part = join(this.#folder, `${KEY_FILE}.${randomBytes(6).toString("hex")}.part`);
    const file = openSync(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      writeSync(file, bytes);
      fsyncSync(file);
      linkSync(part, join(this.#folder, KEY_FILE));
    } finally {
      closeSync(file);
      unlinkSync(part);
    }
    return createSecretKey(bytes);
  }
}
