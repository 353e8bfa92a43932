// Lives as lists show them, live.
import type { EventType, TopicSnapshot } from "@tidewire/client";
import { type Followed, useTopics } from "@tidewire/react";
import { useMemo } from "react";
import { type Life, toLife } from "./life.js";

const known = new WeakMap<TopicSnapshot, Life>();

/** An entry stays the same object until its topic changes, and so does its life. */
function lifeOf(snapshot: TopicSnapshot): Life | undefined {
  const life = known.get(snapshot) ?? toLife(snapshot);
  if (life) known.set(snapshot, life);
  return life;
}

/** All lives of a pattern, in no particular order, and how far the list can be trusted. */
export interface Lives extends Followed {
  readonly lives: readonly Life[];
  /** Whether there are more than are held. */
  readonly isBounded: boolean;
}

/** Of runs, what lists show is told by these: log lines are many. */
export const RUN_TYPES: readonly EventType[] = ["status_changed", "progress", "metrics"];

export function useLives(pattern: string, types?: readonly EventType[]): Lives {
  const { topics, isBounded, connection, gap, error } = useTopics(pattern, types ? { types } : {});
  const lives = useMemo(() => [...topics.values()].flatMap((snapshot) => lifeOf(snapshot) ?? []), [topics]);
  return { lives, isBounded, connection, gap, error };
}
