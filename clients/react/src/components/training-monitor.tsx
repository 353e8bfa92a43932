"use client";
// A training run on one card: how far, how good, and what it says.
import { type ReactNode, useState } from "react";
import { useSource } from "../hooks/use-source.js";
import { useTraining } from "../hooks/use-training.js";
import { useClient } from "../provider.js";
import type { LogBuffer, LogLine } from "../series/log-buffer.js";
import type { TrainingView } from "../store/training-cell.js";
import { useAnnouncements } from "./announcer.js";
import { Card, Notices } from "./card.js";
import { formatNumber } from "./format.js";
import { Nothing, ProgressBody } from "./progress-tracker.js";
import { Sparkline } from "./sparkline.js";

/** Metrics that are shown unless some are named. */
const METRICS = 6;
const LINES = 5;

/** What is shown of which run. */
export interface TrainingMonitorProps {
  readonly experimentId: string;
  /** Default: the run's id. */
  readonly label?: string | undefined;
  /** Names of metrics, in their order. Default: the first six. */
  readonly metrics?: readonly string[] | undefined;
  /** Newest log lines that are shown. Default: 5. */
  readonly lines?: number | undefined;
  /** Whether there are buttons to pause, resume and stop the run. Default: false. */
  readonly hasControls?: boolean | undefined;
  readonly children?: ReactNode;
}

/** Status, epoch, time left, the latest metrics with their course, and the last lines of the log. */
export function TrainingMonitor(props: TrainingMonitorProps) {
  const { experimentId, label = experimentId, lines = LINES, hasControls, children } = props;
  const run = useTraining(experimentId);
  const { connection, status, gap, error, latest, exists } = run;
  const names = props.metrics ?? Object.keys(latest).slice(0, METRICS);
  useAnnouncements(label, run);
  return (
    <Card kind="training" label={label} connection={connection} status={status} hasStatus={status !== undefined}>
      {!exists ? (
        <Nothing exists={exists} text="No run of this name has begun yet." />
      ) : (
        <ProgressBody label={label} view={run} />
      )}
      {names.length > 0 && <Tiles run={run} names={names} />}
      {lines > 0 && <LogTail logs={run.logs} lines={lines} label={label} />}
      {children}
      <Notices gap={gap} error={error} />
      {hasControls && <Controls run={run} experimentId={experimentId} />}
    </Card>
  );
}

function Tiles({ run, names }: { readonly run: TrainingView; readonly names: readonly string[] }) {
  return (
    <dl className="tidewire-tiles">
      {names.map((name) => (
        <div key={name} className="tidewire-tile">
          <dt>{name}</dt>
          <dd>
            {run.latest[name] === undefined ? "–" : formatNumber(run.latest[name])}
            <Sparkline store={run.metrics} name={name} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function LogTail({ logs, lines, label }: { logs: LogBuffer; lines: number; label: string }) {
  useSource(logs);
  const shown: LogLine[] = [];
  for (let i = Math.max(0, logs.length - lines); i < logs.length; i++) shown.push(logs.at(i) as LogLine);
  if (shown.length === 0) return null;
  return (
    <ol className="tidewire-log" aria-label={`Last log lines of ${label}`}>
      {shown.map(({ seq, level, message }) => (
        <li key={seq} data-level={level}>
          <span className="tidewire-log__level">{level}</span> {message}
        </li>
      ))}
    </ol>
  );
}

function Controls({ run, experimentId }: { readonly run: TrainingView; readonly experimentId: string }) {
  const { training } = useClient();
  const [problem, setProblem] = useState<string>();
  const { status, isEnded } = run;
  if (status === undefined || isEnded) return null;
  const set = (next: "paused" | "running" | "stopped") => () => {
    setProblem(undefined);
    training.setStatus(experimentId, next).catch((error: Error) => setProblem(error.message));
  };
  return (
    <p className="tidewire-actions">
      {status === "running" && (
        <button type="button" className="tidewire-button" onClick={set("paused")}>
          Pause
        </button>
      )}
      {status === "paused" && (
        <button type="button" className="tidewire-button" onClick={set("running")}>
          Resume
        </button>
      )}
      <button type="button" className="tidewire-button" data-kind="danger" onClick={set("stopped")}>
        Stop
      </button>
      {problem && <span role="alert">{problem}</span>}
    </p>
  );
}
