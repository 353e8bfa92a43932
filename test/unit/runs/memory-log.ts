// A broker for the tests of runs: keeps events in memory, and is told when to commit, flush or fail.
import type { Event } from "../../../generated/ts/tidewire/v1/events.js";
import type { Position, Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../../../src/errors.js";
import { emptyState, fold } from "../../../src/events/fold.js";
import type { LogLine } from "../../../src/events/log-line.js";
import { matches, parsePattern, parseTopic } from "../../../src/events/topic.js";
import type { AppendAsker } from "../../../src/events/turn.js";
import type { EventPage, TopicView } from "../../../src/events/types.js";
import type { RunLog } from "../../../src/runs/run-log.js";

interface Append {
  readonly events: readonly Publish[];
  readonly asker: AppendAsker;
  positions?: readonly Position[];
}

class Topic implements TopicView {
  offset = 0;
  readonly events: Event[] = [];
  readonly state = emptyState();

  constructor(
    readonly topic: string,
    readonly generation: number,
  ) {}

  get status(): TopicView["status"] {
    return this.state.status;
  }
}

export class MemoryLog implements RunLog {
  /** Refuses appends at once. */
  isFull = false;
  /** Told, and kept nowhere. */
  readonly told: Publish[] = [];
  readonly topics = new Map<string, Topic>();
  readonly #keys = new Map<string, Position | Promise<Position>>();
  #pending: Append[] = [];
  #unflushed: Append[] = [];
  #generation = 1;

  /** How many appends are not durable yet. */
  get inFlight(): number {
    return this.#pending.length + this.#unflushed.length;
  }

  append(events: readonly Publish[], asker: AppendAsker): void {
    if (this.isFull) throw new TidewireError("OVERLOADED", "full");
    this.#pending.push({ events, asker: this.#remembering(events, asker) });
  }

  appendLine(line: LogLine, asker: AppendAsker): void {
    const { log, timestamp } = line.read();
    this.append([{ topic: line.topic, timestamp, kind: { $case: "log", value: log } }], asker);
  }

  tell(event: Publish): Position {
    if (this.isFull) throw new TidewireError("OVERLOADED", "full");
    this.told.push(event);
    return { generation: 99, offset: this.told.length };
  }

  seen(topic: string, key: string): Position | Promise<Position> | undefined {
    return this.#keys.get(`${topic} ${key}`);
  }

  /** Makes all appends visible. */
  commit(): void {
    for (const append of this.#pending) append.positions = append.events.map((event) => this.#add(event));
    this.#unflushed.push(...this.#pending);
    this.#pending = [];
  }

  /** Makes what is visible durable. */
  flush(): void {
    const appends = this.#unflushed;
    this.#unflushed = [];
    for (const { asker, positions } of appends) asker.accepted(positions ?? []);
  }

  settle(): void {
    this.commit();
    this.flush();
  }

  /** Refuses the oldest appends that are not visible yet. */
  fail(count = Number.POSITIVE_INFINITY): void {
    for (const { asker, events } of this.#pending.splice(0, count))
      asker.refused(new Error("disk full"), events.length);
  }

  view(topic: string): TopicView | undefined {
    return this.topics.get(topic);
  }

  list(pattern: string, after: string, limit: number): readonly TopicView[] {
    const tokens = parsePattern(pattern);
    const found = [...this.topics.values()].filter(({ topic }) => topic > after && matches(tokens, parseTopic(topic)));
    return found.sort((a, b) => (a.topic < b.topic ? -1 : 1)).slice(0, limit);
  }

  async read(): Promise<EventPage> {
    throw new Error("runs read no history");
  }

  /** A removal ends when `removed` is called. */
  removed: (error?: Error) => void = () => undefined;

  remove(topic: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.removed = (error) => {
        if (error) return reject(error);
        this.commit();
        this.topics.delete(topic);
        for (const name of this.#keys.keys()) if (name.startsWith(`${topic} `)) this.#keys.delete(name);
        this.#generation += 1;
        resolve();
      };
    });
  }

  /** What a topic's events say, in short: "status_changed running", "log". */
  story(topic: string): string[] {
    return (this.topics.get(topic)?.events ?? []).map(({ kind }) =>
      kind?.$case === "statusChanged" ? `${kind.value.previousStatus ?? "-"}>${kind.value.status}` : `${kind?.$case}`,
    );
  }

  #add({ topic, timestamp, kind }: Publish): Position {
    if (!kind || !timestamp) throw new Error("an event without kind or timestamp");
    let known = this.topics.get(topic);
    if (!known) {
      known = new Topic(topic, this.#generation);
      this.topics.set(topic, known);
    }
    known.offset += 1;
    const { generation, offset } = known;
    known.events.push({ topic, timestamp, generation, offset, kind });
    fold(known.state, kind, timestamp);
    return { generation, offset };
  }

  #remembering(events: readonly Publish[], asker: AppendAsker): AppendAsker {
    const settled = new Promise<readonly Position[]>((accepted, refused) => {
      asker = both(asker, { accepted, refused });
    });
    settled.catch(() => undefined);
    events.forEach(({ topic, idempotencyKey }, i) => {
      if (idempotencyKey === undefined) return;
      const name = `${topic} ${idempotencyKey}`;
      const position = settled.then((positions) => positions[i] as Position);
      this.#keys.set(name, position);
      const settle = (known?: Position): void => {
        if (this.#keys.get(name) !== position) return; // forgotten meanwhile
        if (known) this.#keys.set(name, known);
        else this.#keys.delete(name);
      };
      position.then(settle, () => settle());
    });
    return asker;
  }
}

function both(first: AppendAsker, second: AppendAsker): AppendAsker {
  return {
    accepted: (positions) => {
      first.accepted(positions);
      second.accepted(positions);
    },
    refused: (error, count) => {
      first.refused(error, count);
      second.refused(error, count);
    },
  };
}
