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

/** Cells of a line of help. */
const HELP_CELLS = 100;

/** Words in lines, for the help. */
export function inLines(words: readonly string[]): string {
  let line = "";
  const lines: string[] = [];
  for (const word of words) {
    if (line.length + 1 + word.length > HELP_CELLS) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? `  ${word}` : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
