// What publishing says: positions, and advice that knows the topic.
import type { Position } from "@tidewire/client";

/** "training.run_7 3-120", which `--since` of watch takes; or the same as JSON. */
export function positionLine(
  topic: string,
  { generation, offset }: Position,
  asJson?: boolean,
  more: object = {},
): string {
  return asJson ? JSON.stringify({ ...more, topic, generation, offset }) : `${topic} ${generation}-${offset}`;
}

/** Advice that knows the topic. */
export function hintsFor(topic = "<topic>"): Readonly<Record<string, string>> {
  return {
    SESSION_NOT_FOUND: `begin it: tidewire publish ${topic} status_changed --field status=running`,
    INVALID_TRANSITION: `see where it stands: tidewire watch ${topic}`,
    INVALID_MESSAGE: "see the types, and examples: tidewire publish --help",
  };
}
