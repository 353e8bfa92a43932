// Requests over one connection and their replies. A reply is told in the turn it comes in: the pushes behind it on the
// wire must find it told.
import type { ClientFrame, ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import type { ReplyBody, RequestBody } from "../connection/replies.js";
import { fromErrorMessage, type TidewireClientError } from "../errors.js";

const MAX_ID = 0x7fffffff;

/** What became of a request. */
export type Outcome = ReplyBody | TidewireClientError;

/** The unanswered requests. */
export class Calls {
  readonly #send: (frame: ClientFrame) => boolean;
  readonly #unanswered = new Map<number, (outcome: Outcome) => void>();
  #lastId = 0;

  /** @param send false when there is no connection: what was sent on it is told by {@link cut} */
  constructor(send: (frame: ClientFrame) => boolean) {
    this.#send = send;
  }

  /** Sends a request; `told` is called once, also when the connection is cut. @throws TidewireClientError when it cannot be encoded */
  send(body: RequestBody, told: (outcome: Outcome) => void): void {
    this.#lastId = (this.#lastId % MAX_ID) + 1;
    const id = this.#lastId;
    this.#unanswered.set(id, told);
    try {
      this.#send({ id, body });
    } catch (error) {
      this.#unanswered.delete(id);
      throw error;
    }
  }

  receive({ id, body }: ServerFrame): void {
    if (body) this.settle(id, body.$case === "error" ? fromErrorMessage(body.value) : body);
  }

  settle(id: number, outcome: Outcome): void {
    const told = this.#unanswered.get(id);
    this.#unanswered.delete(id);
    told?.(outcome);
  }

  /** The connection is gone. Ids go on: an answer that comes late must find nobody. */
  cut(error: TidewireClientError): void {
    for (const id of [...this.#unanswered.keys()]) this.settle(id, error);
  }
}
