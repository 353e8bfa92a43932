"use client";
// The load of a host.
import { SystemCell, type SystemView } from "../store/system-cell.js";
import { useCell } from "./use-topic.js";
import { type Select, useView } from "./use-view.js";

/** The load of a host, sampled by the server as long as somebody looks. @param node default: the first that is heard */
export function useSystemStats(node?: string): SystemView;
export function useSystemStats<Selected>(node: string | undefined, select: Select<SystemView, Selected>): Selected;
export function useSystemStats<Selected>(node?: string, select?: Select<SystemView, Selected>) {
  const cell = useCell(`system ${node ?? "*"}`, (key, store) => new SystemCell(key, store, node));
  return useView<SystemView, Selected | SystemView>(cell, select);
}
