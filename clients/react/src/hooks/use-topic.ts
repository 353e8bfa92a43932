"use client";
// One topic, whatever it is about.
import type { Family } from "@tidewire/client";
import { useStore } from "../provider.js";
import type { Cell } from "../store/cell.js";
import { NOTHING } from "../store/following.js";
import type { Store } from "../store/store.js";
import { TopicCell, type TopicView } from "../store/topic-cell.js";
import { type Select, useView } from "./use-view.js";

/** A name in a topic. As long as it is not known nothing is followed. */
export type Id = string | undefined | null;

/** How far a task is, and how it ended. */
export function useTask(projectId: Id, taskId: Id): TopicView;
export function useTask<Selected>(projectId: Id, taskId: Id, select: Select<TopicView, Selected>): Selected;
export function useTask<Selected>(projectId: Id, taskId: Id, select?: Select<TopicView, Selected>) {
  return useTopicView(topicFor("task", projectId, taskId), select);
}

/** How far an execution of a workflow is, and how it ended. */
export function useWorkflow(workflowId: Id, executionId: Id): TopicView;
export function useWorkflow<Selected>(workflowId: Id, executionId: Id, select: Select<TopicView, Selected>): Selected;
export function useWorkflow<Selected>(workflowId: Id, executionId: Id, select?: Select<TopicView, Selected>) {
  return useTopicView(topicFor("workflow", workflowId, executionId), select);
}

/** Whether a container runs, and how it ended: `state.exitCode`. */
export function useContainer(projectId: Id, containerId: Id): TopicView;
export function useContainer<Selected>(projectId: Id, containerId: Id, select: Select<TopicView, Selected>): Selected;
export function useContainer<Selected>(projectId: Id, containerId: Id, select?: Select<TopicView, Selected>) {
  return useTopicView(topicFor("container", projectId, containerId), select);
}

/** How far an evaluation is, and how it ended. */
export function useEvaluation(evaluationId: Id): TopicView;
export function useEvaluation<Selected>(evaluationId: Id, select: Select<TopicView, Selected>): Selected;
export function useEvaluation<Selected>(evaluationId: Id, select?: Select<TopicView, Selected>) {
  return useTopicView(topicFor("evaluation", evaluationId), select);
}

/** How far whatever the topic is about is, and how it ended. */
export function useProgress(topic: Id): TopicView;
export function useProgress<Selected>(topic: Id, select: Select<TopicView, Selected>): Selected;
export function useProgress<Selected>(topic: Id, select?: Select<TopicView, Selected>) {
  return useTopicView(topic ?? NOTHING, select);
}

function useTopicView<Selected>(topic: string, select: Select<TopicView, Selected> | undefined) {
  const cell = useCell(`topic ${topic}`, (key, store) => new TopicCell(key, topic, store));
  return useView<TopicView, Selected | TopicView>(cell, select);
}

/** The provider's cell of that key. */
export function useCell<Made extends Cell<unknown>>(key: string, make: (key: string, store: Store) => Made): Made {
  const store = useStore();
  return store.cell(key, (key) => make(key, store));
}

/** The topic; none as long as a name is not known. */
export function topicFor(family: Family, ...ids: readonly Id[]): string {
  return ids.every((id) => id) ? [family, ...ids.map((id) => token(id as string))].join(".") : NOTHING;
}

/** A name with a dot must not become two: the server refuses what is left, and says why. */
function token(id: string): string {
  return encodeURIComponent(id).replaceAll(".", "%2E");
}
