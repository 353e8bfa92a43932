// Topics as they stood when the log was last open.
import type { Logger } from "pino";
import { TopicState } from "../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../errors.js";
import { decodeEvent } from "../wire/event-bytes.js";
import { Topic } from "./directory.js";
import type { EventLog, LoggedEvent, ReadLimits, TopicRecord } from "./event-log.js";

/** A topic, and whether its state is newer than its checkpoint. */
export interface RestoredTopic {
  readonly topic: Topic;
  readonly hasChanged: boolean;
}

/** Makes a topic out of its last checkpoint and the events since. */
export async function restoreTopic(
  events: EventLog,
  { topic: name, generation, oldest, head, checkpoint }: TopicRecord,
  page: ReadLimits,
  log: Logger,
): Promise<RestoredTopic> {
  const start = { generation, offset: checkpoint?.offset ?? oldest - 1 };
  const topic = new Topic(name, start, checkpoint && TopicState.decode(checkpoint.state));
  const hasChanged = topic.offset < head;
  while (topic.offset < head) {
    const logged = await readPage(events, topic, page, log);
    for (const event of logged) {
      const { kind, timestamp } = decodeEvent(event);
      if (kind) topic.add(event.offset, kind, timestamp);
      topic.offset = event.offset; // also of a kind that only a later version knows
    }
    if (logged.length === 0) topic.offset = head; // its state stays what it was before the damage
  }
  return { topic, hasChanged };
}

async function readPage(
  events: EventLog,
  topic: Topic,
  page: ReadLimits,
  log: Logger,
): Promise<readonly LoggedEvent[]> {
  try {
    return await events.readAfter(topic.topic, topic, page);
  } catch (error) {
    if (!(error instanceof TidewireError)) throw error;
    log.error({ topic: topic.topic, after: topic.offset }, `the state of a topic is incomplete: ${error.message}`);
    return [];
  }
}
