// HTTP requests whose bodies are messages of the schema.
import type { MessageName, MessageTypes } from "../../../../generated/ts/schema.js";
import { type JsonValue, writeAny } from "../../../../src/wire/json-write.js";
import { type Message, planOf } from "../../../../src/wire/plan.js";
import { TidewireClientError } from "../errors.js";
import { readJson } from "../wire/json-read.js";
import { present } from "../wire/present.js";

/** Options of one HTTP request. */
export interface HttpOptions {
  /** Ends the request; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Statuses after which the same request may succeed later. */
const RETRYABLE: readonly number[] = [429, 502, 503, 504];

/** Sends requests to one server. */
export class HttpClient {
  readonly #baseURL: string;
  readonly #token: string | undefined;

  constructor(baseURL: string, token: string | undefined) {
    this.#baseURL = baseURL;
    this.#token = token;
  }

  /** @returns the reply as users see messages @throws TidewireClientError, or the signal's reason */
  async get<Result>(path: string, reply: MessageName, { signal }: HttpOptions = {}): Promise<Result> {
    return this.#exchange<Result>(path, reply, { signal: signal ?? null });
  }

  /** As {@link get}, with a message as the body. */
  async post<T extends MessageName, Result>(
    path: string,
    type: T,
    message: MessageTypes[T],
    reply: MessageName,
    { signal }: HttpOptions = {},
  ): Promise<Result> {
    const body = JSON.stringify(writeAny(planOf(type), message as unknown as Message));
    return this.#exchange<Result>(path, reply, { method: "POST", body, signal: signal ?? null });
  }

  async #exchange<Result>(path: string, type: MessageName, init: RequestInit): Promise<Result> {
    const response = await this.#fetch(path, init);
    let cause: unknown;
    const json: JsonValue | undefined = await response.json().catch((error) => {
      cause = error;
    });
    if (init.signal?.aborted) throw init.signal.reason;
    // A server that is not ready answers as one that is, with its status.
    if (!response.ok && !(response.status === 503 && type === "Health")) throw toError(response, json);
    try {
      return present(type, readJson(type, json)) as Result;
    } catch (error) {
      throw new TidewireClientError("UNEXPECTED_REPLY", `the answer is no ${type}`, { cause: cause ?? error });
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (init.body) headers["content-type"] = "application/json";
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    try {
      return await fetch(this.#baseURL + path, { ...init, headers });
    } catch (cause) {
      if (init.signal?.aborted) throw init.signal.reason;
      const message = `cannot reach ${this.#baseURL}`;
      throw new TidewireClientError("CONNECTION_FAILED", message, { retryable: true, cause });
    }
  }
}

function toError({ status, headers }: Response, json: JsonValue | undefined): TidewireClientError {
  const body = typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return new TidewireClientError(
    String(body.error_code ?? "UNEXPECTED_REPLY"),
    String(body.message ?? `HTTP ${status}`),
    {
      retryable: RETRYABLE.includes(status),
      details: (body.details ?? { status }) as Record<string, unknown>,
      retryAfterMs: Number.isNaN(seconds) ? undefined : seconds * 1000,
    },
  );
}
