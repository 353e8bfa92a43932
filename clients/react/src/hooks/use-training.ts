"use client";
// A training run.
import { TrainingCell, type TrainingView } from "../store/training-cell.js";
import { type Id, topicFor, useCell } from "./use-topic.js";
import { type Select, useView } from "./use-view.js";

/** How far a training run is, with its metrics and log lines as buffers for charts and log views. */
export function useTraining(experimentId: Id): TrainingView;
export function useTraining<Selected>(experimentId: Id, select: Select<TrainingView, Selected>): Selected;
export function useTraining<Selected>(experimentId: Id, select?: Select<TrainingView, Selected>) {
  const topic = topicFor("training", experimentId);
  const cell = useCell(`training ${topic}`, (key, store) => new TrainingCell(key, topic, store));
  return useView<TrainingView, Selected | TrainingView>(cell, select);
}
