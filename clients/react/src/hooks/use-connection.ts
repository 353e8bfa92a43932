"use client";
// The connection itself.
import { useStore } from "../provider.js";
import type { ConnectionView } from "../store/connection-cell.js";
import { type Select, useView } from "./use-view.js";

/** The connection that all subscriptions share. It asks for none: it is idle until another hook does. */
export function useConnection(): ConnectionView;
export function useConnection<Selected>(select: Select<ConnectionView, Selected>): Selected;
export function useConnection<Selected>(select?: Select<ConnectionView, Selected>) {
  return useView<ConnectionView, Selected | ConnectionView>(useStore().connection, select);
}
