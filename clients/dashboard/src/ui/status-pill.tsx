// Where the life of something stands: a picture, a word and a colour.
import { Icon, type IconName } from "./icon.js";

interface Look {
  readonly icon: IconName;
  readonly tone: Tone;
  readonly word: string;
}

export type Tone = "running" | "good" | "bad" | "warn" | "idle" | "lost";

const LOOKS: Readonly<Record<string, Look>> = {
  queued: { icon: "queued", tone: "idle", word: "Queued" },
  running: { icon: "play", tone: "running", word: "Running" },
  paused: { icon: "pause", tone: "warn", word: "Paused" },
  completed: { icon: "check", tone: "good", word: "Completed" },
  failed: { icon: "cross", tone: "bad", word: "Failed" },
  stopped: { icon: "stop", tone: "idle", word: "Stopped" },
  lost: { icon: "lost", tone: "lost", word: "Lost" },
  cancelling: { icon: "stop", tone: "warn", word: "Cancel requested" },
  ready: { icon: "check", tone: "good", word: "Ready" },
  broken: { icon: "cross", tone: "bad", word: "Broken" },
};

/** A status is named as the server names it; one that is not known is shown as it is. */
export function StatusPill({ status, title }: { readonly status: string | undefined; readonly title?: string }) {
  const look: Look = LOOKS[status ?? ""] ?? { icon: "info", tone: "idle", word: status ?? "Unknown" };
  return (
    <span className="pill" data-tone={look.tone} title={title}>
      <Icon name={look.icon} size={12} />
      <span className="pill-word">{look.word}</span>
    </span>
  );
}
