"use client";
// Many topics, and what has happened on one.
import type { EventType, SubscriptionFilter } from "@tidewire/client";
import { NOTHING } from "../store/following.js";
import { keyOf } from "../store/store.js";
import { type EventsView, TimelineCell } from "../store/timeline-cell.js";
import { TopicsCell, type TopicsView } from "../store/topics-cell.js";
import { type Id, useCell } from "./use-topic.js";
import { type Select, useView } from "./use-view.js";

/**
 * All topics of a pattern with their states, for lists. Name the types that the list shows: a run's log lines are many.
 *
 * @param pattern `*` is one token, a final `>` the rest: "training.*", "task.>"
 */
export function useTopics(pattern: Id, filter?: SubscriptionFilter): TopicsView;
export function useTopics<Selected>(
  pattern: Id,
  filter: SubscriptionFilter | undefined,
  select: Select<TopicsView, Selected>,
): Selected;
export function useTopics<Selected>(
  pattern: Id,
  filter: SubscriptionFilter = {},
  select?: Select<TopicsView, Selected>,
) {
  const topic = pattern ?? NOTHING;
  const cell = useCell(`topics ${keyOf(topic, filter)}`, (key, store) => new TopicsCell(key, topic, store, filter));
  return useView<TopicsView, Selected | TopicsView>(cell, select);
}

/** The newest 1000 events of a topic, those before the page was opened too. @param types default: all */
export function useEvents(topic: Id, types: readonly EventType[] = []): EventsView {
  const name = topic ?? NOTHING;
  const key = `events ${keyOf(name, { types })}`;
  return useView(useCell(key, (key, store) => new TimelineCell(key, name, store, types)));
}
