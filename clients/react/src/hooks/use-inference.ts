"use client";
// Predictions.
import type { InferenceOptions } from "@tidewire/client";
import { InferenceCell, type InferenceView } from "../store/inference-cell.js";
import { type Id, useCell } from "./use-topic.js";
import { type Select, useView } from "./use-view.js";

/**
 * A session that predicts with an ensemble: one for all components that name the same ensemble and options, open as long
 * as one of them is mounted.
 */
export function useInference(ensembleName: Id, options?: InferenceOptions): InferenceView;
export function useInference<Selected>(
  ensembleName: Id,
  options: InferenceOptions | undefined,
  select: Select<InferenceView, Selected>,
): Selected;
export function useInference<Selected>(
  ensembleName: Id,
  options: InferenceOptions = {},
  select?: Select<InferenceView, Selected>,
) {
  const name = ensembleName ?? "";
  const key = `inference ${JSON.stringify([name, options])}`;
  const cell = useCell(key, (key, store) => new InferenceCell(key, store, name, options));
  return useView<InferenceView, Selected | InferenceView>(cell, select);
}
