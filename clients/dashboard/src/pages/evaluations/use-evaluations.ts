// Evaluations as they are now: asked for once and at each change of status, moved by their events in between.
import type { Evaluation, EvaluationEvent } from "@tidewire/client";
import { useEffect, useState } from "react";
import { client } from "../../server/server.js";
import { type Answer, useRequest } from "../../server/use-request.js";

/** What a progress event says of an evaluation, beyond what the last answer said. */
export interface Live {
  readonly progress?: number | undefined;
  readonly stage?: string | undefined;
  readonly message?: string | undefined;
  readonly etaSeconds?: number | undefined;
  /** Rows, of the file's estimated count. */
  readonly completed?: number | undefined;
  readonly total?: number | undefined;
}

/** An evaluation with what its events have told since it was asked for. */
export type LiveEvaluation = Evaluation & { readonly live?: Live | undefined };

const ENDED: readonly string[] = ["completed", "failed", "stopped"];

export function hasEnded({ status }: Pick<Evaluation, "status">): boolean {
  return ENDED.includes(status);
}

/** All of them, the newest first. */
export function useEvaluations(): Answer<readonly LiveEvaluation[]> {
  const answer = useRequest("evaluations", (signal) => client.evaluations.list({ signal }));
  const live = useLive(undefined, answer.again);
  return { ...answer, value: answer.value?.map((each) => merge(each, live)) };
}

/** One of them. */
export function useEvaluation(id: string): Answer<LiveEvaluation> {
  const answer = useRequest(`evaluation ${id}`, (signal) => client.evaluations.get(id, { signal }));
  const live = useLive(id, answer.again);
  return { ...answer, value: answer.value && merge(answer.value, live) };
}

function useLive(id: string | undefined, again: () => void): ReadonlyMap<string, Live> {
  const [live, setLive] = useState<ReadonlyMap<string, Live>>(new Map());
  useEffect(() => {
    const subscription = client.getProgress().subscribeToEvaluation({
      evaluationId: id,
      // What happened before this moment is in an answer that is asked for after it.
      onSubscribed: again,
      onGap: again,
      onEvent: (event) => {
        if (event.type === "status_changed") again();
        else if (event.type === "progress") setLive((before) => new Map(before).set(event.evaluationId, toLive(event)));
      },
    });
    return () => subscription.unsubscribe();
  }, [id, again]);
  return live;
}

function toLive(event: Extract<EvaluationEvent, { readonly type: "progress" }>): Live {
  const { progress, stage, message, etaSeconds, details } = event;
  return { progress, stage, message, etaSeconds, completed: details?.completed, total: details?.total };
}

function merge(evaluation: Evaluation, live: ReadonlyMap<string, Live>): LiveEvaluation {
  const own = live.get(evaluation.id);
  if (!own || hasEnded(evaluation)) return evaluation;
  return { ...evaluation, progress: Math.max(evaluation.progress, own.progress ?? 0), live: own };
}
