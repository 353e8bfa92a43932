"use client";
// Says to those who do not look what those who look can see: one polite voice and one urgent voice for the whole page.
import type { RunStatus } from "@tidewire/client";
import { useEffect, useRef } from "react";
import { type Facts, percentOf, progressText } from "./progress-text.js";

/** Progress that is worth saying, in points. */
const STEP = 10;
/** Between two of these, at least, in milliseconds: who hears every step of what is quick hears nothing else. */
const SHORTEST_MS = 3000;
/** Slow progress is told after this time, in milliseconds. */
const LONGEST_MS = 30_000;
const HIDDEN = "tidewire-hidden";

type Voice = "status" | "alert";

/** What was said last of one thing. */
interface Said {
  readonly status: RunStatus | undefined;
  readonly percent: number;
  readonly at: number;
}

/** Announces how far it is: at the start, each further 10 % or after 30 s, and at the end; a failure at once. */
export function useAnnouncements(label: string, facts: Facts & { readonly failure?: string | undefined }): void {
  const said = useRef<Said | undefined>(undefined);
  const { status, failure } = facts;
  const percent = percentOf(facts);
  const words = progressText(facts);
  useEffect(() => {
    region("status");
    region("alert");
  }, []);
  useEffect(() => {
    if (status === undefined) return;
    const now = { status, percent: percent ?? 0, at: performance.now() };
    const voice = voiceFor(said.current, now);
    if (voice === undefined) return;
    // What was over before anybody came here is no news.
    const isOld = said.current === undefined && status !== "running";
    said.current = now;
    if (!isOld) say(voice, sentence(label, status, words, failure));
  }, [label, status, percent, words, failure]);
}

function voiceFor(last: Said | undefined, { status, percent, at }: Said): Voice | undefined {
  if (last === undefined || status !== last.status) return status === "failed" ? "alert" : "status";
  const [moved, waited] = [percent - last.percent, at - last.at];
  const isDue = (moved >= STEP && waited >= SHORTEST_MS) || (moved >= 1 && waited >= LONGEST_MS);
  return status === "running" && isDue ? "status" : undefined;
}

function sentence(label: string, status: RunStatus, words: string, failure: string | undefined): string {
  if (status === "running") return words === "running" ? `${label}: running` : `${label}: ${words}`;
  return failure && status === "failed" ? `${label} failed: ${failure}` : `${label}: ${status}`;
}

function say(voice: Voice, text: string): void {
  region(voice).textContent = text;
}

/** The page's one region of the kind. It stays when whoever made it goes: a region must be there before its text. */
function region(voice: Voice): HTMLElement {
  const id = `tidewire-${voice}`;
  const known = document.getElementById(id);
  if (known) return known;
  const made = document.createElement("div");
  Object.assign(made, { id, className: HIDDEN });
  made.setAttribute("role", voice);
  document.body.append(made);
  return made;
}
