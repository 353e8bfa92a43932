// Who listens to what. A publish costs with the subscriptions that match its topic, not with all there are: exact topics
// are looked up, patterns are walked token by token.
import type { EventBatch } from "./delivered.js";
import { ANY, isPattern, matches, parseTopic, REST } from "./topic.js";

/** Whoever is told of a topic's events. */
export interface Listener {
  /** Events have become visible, in order; called in the turn of their commit. */
  deliver(batch: EventBatch): void;
  /** A topic is gone, with all its events; a later one of the name has a higher generation. */
  removed(topic: string): void;
}

/** Whoever makes events only while somebody listens. Told while a subscription is being made or ended. */
export interface Interested {
  /** The first subscription that covers the topic has come. */
  wanted(): void;
  /** The last one has gone. */
  unwanted(): void;
}

/** A topic that somebody has an interest in being listened to. */
interface Interest {
  readonly tokens: readonly string[];
  readonly interested: Interested;
  /** Subscriptions that cover it. */
  count: number;
}

/** One subscription: a listener may have several, also to the same topic. */
interface Entry {
  readonly listener: Listener;
}

interface Node {
  readonly children: Map<string, Node>;
  /** Patterns that end here. */
  readonly ending: Set<Entry>;
  /** Patterns that end here with the rest. */
  readonly rest: Set<Entry>;
}

/** The index of all subscriptions. */
export class Hub {
  readonly #exact = new Map<string, Set<Entry>>();
  readonly #patterns: Node = newNode();
  readonly #counts = new Map<string, number>();
  readonly #interests = new Set<Interest>();
  #size = 0;

  /** Adds a listener to a topic or pattern. @returns what takes it off again; idempotent */
  add(tokens: readonly string[], listener: Listener): () => void {
    const name = tokens.join(".");
    this.#count(name, 1);
    const remove = isPattern(tokens) ? this.#addPattern(tokens, { listener }) : this.#addExact(name, { listener });
    this.#notice(tokens, 1);
    return () => {
      if (!remove()) return;
      this.#count(name, -1);
      this.#notice(tokens, -1);
    };
  }

  /** Tells from now on whether anybody listens to a topic; at once, where somebody does. @returns what ends that */
  onInterest(topic: string, interested: Interested): () => void {
    const interest: Interest = { tokens: parseTopic(topic), interested, count: 0 };
    this.each(topic, () => {
      interest.count += 1;
    });
    this.#interests.add(interest);
    if (interest.count > 0) interested.wanted();
    return () => this.#interests.delete(interest);
  }

  #notice(tokens: readonly string[], change: 1 | -1): void {
    for (const interest of this.#interests) {
      if (!matches(tokens, interest.tokens)) continue;
      interest.count += change;
      if (change > 0 && interest.count === 1) interest.interested.wanted();
      else if (interest.count === 0) interest.interested.unwanted();
    }
  }

  /** Count of subscriptions. */
  get size(): number {
    return this.#size;
  }

  /** Count of subscriptions by topic or pattern, as they were asked for. */
  get subscribers(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Whether anybody may want a topic's events: false means that nobody does. */
  mayHave(topic: string): boolean {
    return this.#exact.has(topic) || this.#patterns.children.size > 0 || this.#patterns.rest.size > 0;
  }

  /** Calls `tell` for every listener of a topic, patterns included, once a subscription. `tell` may remove any of them. */
  each(topic: string, tell: (listener: Listener) => void): void {
    const exact = this.#exact.get(topic);
    if (exact) for (const { listener } of exact) tell(listener);
    if (this.#patterns.children.size === 0 && this.#patterns.rest.size === 0) return;
    walk(this.#patterns, topic.split("."), 0, tell);
  }

  /** @returns what takes it off, and says whether it was there */
  #addExact(topic: string, entry: Entry): () => boolean {
    const entries = this.#exact.get(topic) ?? new Set();
    this.#exact.set(topic, entries.add(entry));
    return () => {
      if (!entries.delete(entry)) return false;
      if (entries.size === 0) this.#exact.delete(topic);
      return true;
    };
  }

  #addPattern(tokens: readonly string[], entry: Entry): () => boolean {
    const path = [this.#patterns];
    const hasRest = tokens.at(-1) === REST;
    for (const token of hasRest ? tokens.slice(0, -1) : tokens) path.push(childOf(path.at(-1) as Node, token));
    const last = path.at(-1) as Node;
    const entries = hasRest ? last.rest : last.ending;
    entries.add(entry);
    return () => {
      if (!entries.delete(entry)) return false;
      prune(path, tokens);
      return true;
    };
  }

  #count(name: string, change: 1 | -1): void {
    this.#size += change;
    const count = (this.#counts.get(name) ?? 0) + change;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }
}

function newNode(): Node {
  return { children: new Map(), ending: new Set(), rest: new Set() };
}

function childOf(node: Node, token: string): Node {
  const child = node.children.get(token) ?? newNode();
  node.children.set(token, child);
  return child;
}

function walk(node: Node, tokens: readonly string[], at: number, tell: (listener: Listener) => void): void {
  if (at === tokens.length) {
    for (const { listener } of node.ending) tell(listener);
    return;
  }
  for (const { listener } of node.rest) tell(listener);
  const next = node.children.get(tokens[at] as string);
  if (next) walk(next, tokens, at + 1, tell);
  const any = node.children.get(ANY);
  if (any) walk(any, tokens, at + 1, tell);
}

/** Lets go of nodes that nothing ends in any more. */
function prune(path: readonly Node[], tokens: readonly string[]): void {
  for (let depth = path.length - 1; depth > 0; depth -= 1) {
    const { children, ending, rest } = path[depth] as Node;
    if (children.size > 0 || ending.size > 0 || rest.size > 0) return;
    path[depth - 1]?.children.delete(tokens[depth - 1] as string);
  }
}
