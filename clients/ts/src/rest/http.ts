// HTTP requests whose bodies are messages of the schema.
import type { MessageName, MessageTypes } from "../../../../generated/ts/schema.js";
import type { Token } from "../connection/settings.js";
import { askFor } from "../connection/token.js";
import { TidewireClientError } from "../errors.js";
import { toMessage } from "../wire/accept.js";
import { readJson } from "../wire/json-read.js";
import { writeJson } from "../wire/json-write.js";
import { addSchema, type Message, planOf } from "../wire/plan.js";
import { present } from "../wire/present.js";
import { addSeldom } from "../wire/seldom.js";
import { ENUMS, MESSAGES } from "./schema.js";

/** Options of one HTTP request. */
export interface HttpOptions {
  /** Ends the request; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Statuses after which the same request may succeed later. */
const RETRYABLE: readonly number[] = [429, 502, 503, 504];

/** Sends requests to one server. */
export class HttpClient {
  readonly #baseURL: string;
  readonly #token: Token | undefined;

  constructor(baseURL: string, token: Token | undefined) {
    addSchema(ENUMS, MESSAGES);
    addSeldom();
    this.#baseURL = baseURL;
    this.#token = token;
  }

  /**
   * @param body JSON, or a form
   * @returns the reply as users see messages
   * @throws TidewireClientError, or the signal's reason
   */
  async request<Result>(
    method: Method,
    path: string,
    reply: MessageName,
    options?: HttpOptions,
    body?: string | FormData,
  ): Promise<Result> {
    return present(reply, await this.read(method, path, reply, options, body)) as Result;
  }

  /** As {@link request}, with the reply as the schema has it. */
  async read<Name extends MessageName>(
    method: Method,
    path: string,
    reply: Name,
    { signal }: HttpOptions = {},
    body?: string | FormData,
  ): Promise<MessageTypes[Name]> {
    // A server that is not ready answers as one that is, with its status.
    const accepted = reply === "Health" ? 503 : 200;
    const response = await this.fetch(path, { method, body: body ?? null, signal: signal ?? null }, accepted);
    const json = await bodyOf(response, signal);
    try {
      return readJson(reply, json.value);
    } catch (error) {
      throw new TidewireClientError("UNEXPECTED_REPLY", `the answer is no ${reply}`, { cause: json.cause ?? error });
    }
  }

  /** The response, its body still to come. @throws TidewireClientError, or the signal's reason */
  async fetch(path: string, init: RequestInit, accepted = 200): Promise<Response> {
    const token = await askFor(this.#token);
    let response = await this.#send(path, init, token);
    if (response.status === 401 && typeof this.#token === "function") {
      // It may have expired on its way: the function has one chance to give another.
      const fresh = await askFor(this.#token);
      if (fresh !== token) response = await this.#send(path, init, fresh);
    }
    if (response.ok || response.status === accepted) return response;
    throw toError(response, (await bodyOf(response, init.signal)).value);
  }

  async #send(path: string, init: RequestInit, token: string): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has("accept")) headers.set("accept", "application/json");
    if (typeof init.body === "string") headers.set("content-type", "application/json");
    if (token) headers.set("authorization", `Bearer ${token}`);
    try {
      return await fetch(this.#baseURL + path, { ...init, headers });
    } catch (cause) {
      if (init.signal?.aborted) throw init.signal.reason;
      const message = `cannot reach ${this.#baseURL}`;
      throw new TidewireClientError("CONNECTION_FAILED", message, { retryable: true, cause });
    }
  }
}

/** A message of the schema, as users give it, as the body of a request. @throws TidewireClientError INVALID_MESSAGE */
export function toBody(type: MessageName, shown: object): string {
  const plan = planOf(type);
  return JSON.stringify(writeJson(plan, toMessage(plan, shown as Message)));
}

/** The parameters that are given, as a query. */
export function toQuery(parameters: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [value].flat()) if (each !== undefined) query.append(name, String(each));
  }
  return query.size > 0 ? `?${query}` : "";
}

/** The JSON of a response, or why there is none. @throws the signal's reason */
async function bodyOf(response: Response, signal?: AbortSignal | null): Promise<{ value?: unknown; cause?: unknown }> {
  try {
    return { value: await response.json() };
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    return { cause };
  }
}

function toError({ status, headers }: Response, json: unknown): TidewireClientError {
  const body = (typeof json === "object" && json !== null ? json : {}) as Message;
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const told = Number(body.retry_after_ms ?? seconds * 1000);
  return new TidewireClientError(
    String(body.error_code ?? "UNEXPECTED_REPLY"),
    String(body.message ?? `HTTP ${status}`),
    {
      retryable: RETRYABLE.includes(status),
      details: (body.details ?? { status }) as Record<string, unknown>,
      retryAfterMs: Number.isNaN(told) ? undefined : told,
    },
  );
}
