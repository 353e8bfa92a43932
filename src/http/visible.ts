// Listings show what their reader may subscribe to, and say nothing of the rest.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Grant } from "../access/grant.js";
import { TidewireError } from "../errors.js";
import type { EventReader, TopicView } from "../events/types.js";

/** Topics looked at in one turn: some 0.1 ms, and 2 ms for a token with the most scopes there may be. */
const CHUNK = 500;
/** Listings that may look through the topics at the same time: as they take turns, the last of them waits for all others. */
const MAX_SEARCHES = 64;
/** When a listing that found no place may be asked for again. */
const RETRY_AFTER_MS = 1000;

/** What of the topics is asked for. */
interface Listing {
  readonly pattern: string;
  /** Names up to here are left out. */
  readonly after: string;
  readonly limit: number;
}

/**
 * The topics of a pattern that the grant lets see, by name, at most `limit`. A grant of a part may have to look at all
 * topics there are; it does so in many turns. A page that ended early instead would name, as the place to go on after, a
 * topic that its reader may not know of.
 *
 * @throws TidewireError INVALID_TOPIC; OVERLOADED, retryable, while too many are looking
 */
export async function visibleTopics(
  events: EventReader,
  grant: Grant,
  listing: Listing,
): Promise<readonly TopicView[]> {
  const { pattern, after, limit } = listing;
  if (grant.allows("subscribe", pattern)) return events.list(pattern, after, limit);
  const search = new Search(events, grant, listing);
  return search.step() ? search.found : searches.run(search);
}

/** One listing under way. */
class Search {
  readonly found: TopicView[] = [];
  readonly #events: EventReader;
  readonly #grant: Grant;
  readonly #listing: Listing;
  #last: string;

  constructor(events: EventReader, grant: Grant, listing: Listing) {
    this.#events = events;
    this.#grant = grant;
    this.#listing = listing;
    this.#last = listing.after;
  }

  /** Looks at some more topics. @returns whether it is done */
  step(): boolean {
    const { pattern, limit } = this.#listing;
    const chunk = this.#events.list(pattern, this.#last, CHUNK);
    for (const view of chunk) {
      if (this.found.length < limit && this.#grant.allows("subscribe", view.topic)) this.found.push(view);
      this.#last = view.topic;
    }
    return this.found.length >= limit || chunk.length < CHUNK;
  }
}

/** Searches that take turns: one step of one of them in each turn of the event loop, however many there are. */
class Searches {
  #count = 0;
  #turn: Promise<void> = Promise.resolve();

  async run(search: Search): Promise<readonly TopicView[]> {
    if (this.#count >= MAX_SEARCHES) throw tooMany();
    this.#count += 1;
    try {
      do await this.#nextTurn();
      while (!search.step());
      return search.found;
    } finally {
      this.#count -= 1;
    }
  }

  /** A turn that is nobody else's. */
  #nextTurn(): Promise<void> {
    this.#turn = this.#turn.then(() => nextTurn());
    return this.#turn;
  }
}

/** Of all servers in the process: what they share is its event loop. */
const searches = new Searches();

function tooMany(): TidewireError {
  const message = `${MAX_SEARCHES} listings are looking through the topics, more may not be; name a narrower pattern, or try again later`;
  return new TidewireError("OVERLOADED", message, { limit: MAX_SEARCHES }, { retryAfterMs: RETRY_AFTER_MS });
}
