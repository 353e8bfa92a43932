// The topics that paths name.
import { TidewireError } from "../errors.js";
import { parseTopic } from "../events/topic.js";

/** The topic of a family by its names in a path, each of which must be one token. @throws TidewireError INVALID_TOPIC */
export function topicOf(family: string, ...names: readonly string[]): string {
  const topic = [family, ...names].join(".");
  if (parseTopic(topic).length === names.length + 1) return topic;
  throw new TidewireError(
    "INVALID_TOPIC",
    `topic "${topic}" is none: a ${family} has ${names.length} tokens after it`,
    {
      topic,
    },
  );
}
