// Joins Server-Sent Events with subscriptions: frames out, and after each the id to resume with.
import type { Position, Subscribe } from "../../generated/ts/tidewire/v1/topics.js";
import type { Grant } from "../access/grant.js";
import type { GrantWatch } from "../access/grant-watch.js";
import { type EventOutput, EventStream, type EventStreamServices } from "../session/event-stream.js";
import type { EventStreams, SseSink } from "./dependencies.js";
import { EventIds } from "./event-id.js";

/** Opens streams over the server's topics. */
export class SubscribedStreams implements EventStreams {
  readonly #services: EventStreamServices;

  readonly #grants: GrantWatch;

  constructor(services: EventStreamServices, grants: GrantWatch) {
    this.#services = services;
    this.#grants = grants;
  }

  open(requests: readonly Subscribe[], sink: SseSink, grant: Grant): void {
    const output = new SseOutput(sink, new EventIds(requests));
    const stream = new EventStream(this.#services, output);
    sink.onDrain(() => stream.drained());
    const unwatch = this.#grants.watch(grant, (reason) => stream.end(reason));
    sink.onClose(() => {
      unwatch();
      stream.closed();
    });
    stream.subscribe(requests);
  }
}

class SseOutput implements EventOutput {
  readonly #sink: SseSink;
  readonly #ids: EventIds;

  constructor(sink: SseSink, ids: EventIds) {
    this.#sink = sink;
    this.#ids = ids;
  }

  get requestId(): string {
    return this.#sink.requestId;
  }

  get turnBytes(): number {
    return this.#sink.turnBytes;
  }

  get unsentBytes(): number {
    return this.#sink.unsentBytes;
  }

  write(frameJson: string, topic?: string, position?: Position): void {
    if (topic !== undefined && position) this.#ids.advance(topic, position);
    this.#sink.write({ id: this.#ids.current, frameJson });
  }

  stand(topic: string, position: Position): void {
    this.#ids.advance(topic, position);
  }

  end(): void {
    this.#sink.close();
  }
}
