// Listings show what their reader may subscribe to, and say nothing of the rest.
import type { Grant } from "../access/grant.js";
import type { EventReader, TopicView } from "../events/types.js";

/** Topics looked at between two looks at the count of those found. */
const CHUNK = 1000;

/** What of the topics is asked for. */
interface Listing {
  readonly pattern: string;
  /** Names up to here are left out. */
  readonly after: string;
  readonly limit: number;
}

/** The topics of a pattern that the grant lets see, by name, at most `limit`. @throws TidewireError INVALID_TOPIC */
export function visibleTopics(
  events: EventReader,
  grant: Grant,
  { pattern, after, limit }: Listing,
): readonly TopicView[] {
  if (grant.allows("subscribe", pattern)) return events.list(pattern, after, limit);
  const visible: TopicView[] = [];
  let last = after;
  for (;;) {
    const chunk = events.list(pattern, last, CHUNK);
    visible.push(...chunk.filter(({ topic }) => grant.allows("subscribe", topic)));
    last = chunk.at(-1)?.topic ?? last;
    if (visible.length >= limit || chunk.length < CHUNK) return visible.slice(0, limit);
  }
}
