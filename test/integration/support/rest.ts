// A client of the REST routes and of event streams, as a script would write it.
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Test } from "tap";
import type { JsonObject } from "../../../src/wire/json.js";

/** A reply, its body parsed. */
export interface RestReply {
  readonly status: number;
  // Tests reach into bodies as scripts do, and compare what they find.
  readonly body: { [name: string]: never } & { entries?: JsonObject[]; next?: number; positions?: JsonObject[] };
}

/** Asks a server; bodies that are no text are sent as JSON. */
export function restOf(url: string) {
  return async (method: string, path: string, body?: unknown, type = "application/json"): Promise<RestReply> => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const init = body === undefined ? {} : { body: text, headers: { "content-type": type } };
    const reply = await fetch(`${url}/api/v1${path}`, { method, ...init });
    return { status: reply.status, body: (await reply.json()) as RestReply["body"] };
  };
}

/** A message of an event stream. */
export interface StreamMessage {
  readonly id: string;
  readonly frame: { readonly type: string; readonly topic?: string; readonly data?: JsonObject } & Partial<JsonObject>;
}

/** A client of one event stream. Not fetch: after an abort that opens another connection, which a server waits for. */
export class StreamReader {
  readonly #request: ClientRequest;
  readonly #chunks: AsyncIterator<string>;
  #text = "";

  private constructor(call: ClientRequest, response: IncomingMessage) {
    this.#request = call;
    this.#chunks = response.setEncoding("utf8")[Symbol.asyncIterator]();
  }

  /** An open stream, cut when the test ends. */
  static async open(t: Test, url: string, query: string, lastEventId?: string): Promise<StreamReader> {
    const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    const call = request(`${url}/api/v1/events/stream?${query}`, { headers });
    t.teardown(() => call.destroy());
    call.end();
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      call.once("response", resolve).once("error", reject);
    });
    call.on("error", () => {}); // the chunks tell
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} for ${query}`);
    return new StreamReader(call, response);
  }

  /** The next message; undefined at the end. Comments and `retry` are left out. */
  async next(): Promise<StreamMessage | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end < 0) {
        const { value, done } = await this.#chunks.next();
        if (done) return undefined;
        this.#text += value;
        continue;
      }
      const lines = this.#text.slice(0, end).split("\n");
      this.#text = this.#text.slice(end + 2);
      const fieldOf = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
      if (fieldOf("data") !== "") return { id: fieldOf("id"), frame: JSON.parse(fieldOf("data")) };
    }
  }

  /** So many messages. */
  async take(count: number): Promise<StreamMessage[]> {
    const messages: StreamMessage[] = [];
    while (messages.length < count) {
      const message = await this.next();
      if (!message) throw new Error(`the stream ended after ${messages.length} of ${count} messages`);
      messages.push(message);
    }
    return messages;
  }

  /** Cuts the connection. */
  cut(): void {
    this.#request.destroy();
  }
}
