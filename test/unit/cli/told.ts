// Events and snapshots as the client presents them, short to write.
import type { TidewireEvent, TopicSnapshot } from "@tidewire/client";
import { createPalette, type Palette } from "../../../src/cli/terminal.js";

/** Three o'clock, in UTC. */
export const NOW_MS = Date.UTC(2026, 0, 2, 15, 0, 0);

const PLAIN = { isTTY: false } as Parameters<typeof createPalette>[0];
/** No colours: text is as wide as it looks. */
export const plain: Palette = createPalette(PLAIN, {});

/** Marks what is set off: *bold*, ~dim~, +good+, ?warn?, !bad!. */
export const marked: Palette = {
  bold: (text) => `*${text}*`,
  dim: (text) => `~${text}~`,
  good: (text) => `+${text}+`,
  warn: (text) => `?${text}?`,
  bad: (text) => `!${text}!`,
};

let offset = 0;

/** An event, each later than the one before. */
export function told(topic: string, type: TidewireEvent["type"], body: object = {}, generation = 1): TidewireEvent {
  offset += 1;
  const position = { generation, offset };
  const timestamp = new Date(NOW_MS + offset);
  return { type, topic, position, timestamp, family: topic.split(".")[0], ...body } as unknown as TidewireEvent;
}

/** A snapshot; what is not said has not happened. */
export function snapshot(topic: string, state: object, generation = 1): TopicSnapshot {
  const empty = { metrics: {}, counts: {}, cancelRequested: false, updatedAt: new Date(NOW_MS) };
  const position = { generation, offset };
  return {
    type: "snapshot",
    topic,
    position,
    family: topic.split(".")[0],
    state: { ...empty, ...state },
  } as TopicSnapshot;
}
