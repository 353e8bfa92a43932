"use client";
// Everything there is to know of one task, workflow, run or evaluation, on one card.
import { useEffect, useRef, useState } from "react";
import { useProgress } from "../hooks/use-topic.js";
import type { TopicView } from "../store/topic-cell.js";
import { useAnnouncements } from "./announcer.js";
import { Card, Notices } from "./card.js";
import { formatDuration } from "./format.js";
import { Phases } from "./phases.js";
import { ProgressBar } from "./progress-bar.js";
import { etaText, type Facts, percentOf, progressText, stepText } from "./progress-text.js";
import { useNow } from "./use-now.js";

/** What is tracked. */
export interface ProgressTrackerProps {
  /** "task.demo.import", "workflow.nightly.42", "evaluation.…" */
  readonly topic: string;
  /** Default: the topic without its family. */
  readonly label?: string | undefined;
  /** Whether there is a button that asks the owner to stop. Default: false. */
  readonly isCancellable?: boolean | undefined;
  /** Called once when it has ended while it was watched, or had ended before. */
  readonly onEnd?: ((view: TopicView) => void) | undefined;
}

/** A bar with what happens now, how long it took, how long it may take, and how it ended. */
export function ProgressTracker({ topic, label = nameOf(topic), isCancellable, onEnd }: ProgressTrackerProps) {
  const view = useProgress(topic);
  const { connection, gap, error, status, exists } = view;
  // A list of phases says which one it is.
  const isWorkflow = topic.startsWith("workflow.");
  useAnnouncements(label, view);
  useEnd(view, onEnd);
  return (
    <Card kind="tracker" label={label} connection={connection} status={status} hasStatus={status !== undefined}>
      {!exists ? (
        <Nothing exists={exists} text="Nothing has happened here yet." />
      ) : (
        <ProgressBody label={label} view={view} hidesStage={isWorkflow} />
      )}
      {isWorkflow && <Phases topic={topic} />}
      <Notices gap={gap} error={error} />
      {isCancellable && status !== undefined && !view.isEnded && <Cancel view={view} />}
    </Card>
  );
}

/** In the place of a bar: there is nothing, or nobody knows yet. */
export function Nothing({ exists, text }: { readonly exists: boolean | undefined; readonly text: string }) {
  return (
    <p className="tidewire-faint" aria-busy={exists === undefined}>
      {exists === undefined ? "Waiting for the server." : text}
    </p>
  );
}

interface ProgressBodyProps {
  readonly label: string;
  readonly view: TopicView;
  readonly hidesStage?: boolean | undefined;
}

/** The bar, and the lines below it. */
export function ProgressBody({ label, view, hidesStage }: ProgressBodyProps) {
  const { status, message, failure, connection } = view;
  const stage = hidesStage ? undefined : view.stage;
  const said = status === "failed" ? (failure ?? message) : message;
  return (
    <>
      <ProgressBar
        label={label}
        hidesLabel
        value={percentOf(view)}
        status={status ?? "queued"}
        valueText={progressText(view)}
        connection={connection}
      />
      <p className="tidewire-facts">
        <Figures view={view} />
      </p>
      {(stage || said) && (
        <p className="tidewire-message">
          {stage && <strong>{stage}</strong>} {said}
        </p>
      )}
    </>
  );
}

function Figures({ view }: { readonly view: TopicView }) {
  const { startedAt, finishedAt, etaSeconds, isEnded } = view;
  const now = useNow(startedAt !== undefined && !isEnded);
  const percent = percentOf(view);
  const until = finishedAt?.getTime() ?? now;
  const elapsed = startedAt && until !== undefined ? (until - startedAt.getTime()) / 1000 : undefined;
  const facts = [
    percent === undefined ? undefined : `${percent < 100 ? Math.floor(percent) : 100} %`,
    stepText(view satisfies Facts),
    elapsed === undefined
      ? undefined
      : isEnded
        ? `took ${formatDuration(elapsed)}`
        : `${formatDuration(elapsed)} so far`,
    etaSeconds === undefined || isEnded ? undefined : etaText(etaSeconds),
  ];
  return facts.filter((fact) => fact !== undefined).map((fact) => <span key={fact}>{fact}</span>);
}

function Cancel({ view }: { readonly view: TopicView }) {
  const [problem, setProblem] = useState<string>();
  const { cancelRequested, cancel } = view;
  const ask = () => {
    setProblem(undefined);
    cancel().catch((error: Error) => setProblem(error.message));
  };
  return (
    <p className="tidewire-actions">
      <button type="button" className="tidewire-button" onClick={ask} disabled={cancelRequested}>
        {cancelRequested ? "Stopping…" : "Cancel"}
      </button>
      {problem && <span role="alert">{problem}</span>}
    </p>
  );
}

function useEnd(view: TopicView, onEnd: ((view: TopicView) => void) | undefined): void {
  const told = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (!view.isEnded) told.current = undefined;
    else if (told.current !== view.topic) {
      told.current = view.topic;
      onEnd?.(view);
    }
  }, [view, onEnd]);
}

function nameOf(topic: string): string {
  return topic.slice(topic.indexOf(".") + 1);
}
