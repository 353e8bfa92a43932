// One task, execution of a workflow or container: all that is known of it.
import { useEvents } from "@tidewire/react";
import { useMemo, useState } from "react";
import { formatDuration } from "../../format/time.js";
import { CancelButton } from "../../lives/cancel.js";
import type { Life } from "../../lives/life.js";
import { Left, LifeProgress } from "../../lives/life-progress.js";
import { Spoken } from "../../lives/spoken.js";
import { IconButton } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Notice } from "../../ui/notice.js";
import { Stat, Stats } from "../../ui/stat.js";
import { StatusPill } from "../../ui/status-pill.js";
import { Ago, Elapsed } from "../../ui/time.js";
import { textOf, wordsOf } from "./event-text.js";
import { toPhases } from "./phases.js";

/** Newest events that are shown. */
const EVENTS = 100;

export function Detail({ life, onClose }: { readonly life: Life; readonly onClose: () => void }) {
  const [problem, setProblem] = useState<string>();
  const { name, group, family, shown, state, isEnded, place, stage } = life;
  const { startedAt, finishedAt, updatedAt, exitCode, error, message, result } = state;
  return (
    <Card
      className="task-detail"
      title={
        <span className="task-title">
          {group && <span className="quiet">{group} / </span>}
          {name}
        </span>
      }
      aside={
        <>
          <CancelButton life={life} onProblem={setProblem} />
          <IconButton icon="close" label="Close" onClick={onClose} />
        </>
      }
    >
      <div className="task-facts">
        <StatusPill status={shown} />
        {problem && <Notice tone="bad">{problem}</Notice>}
        {error !== undefined && (
          <Notice tone="bad">
            <b>Failed.</b> <span className="task-error">{error}</span>
          </Notice>
        )}
        <LifeProgress life={life} />
        <Spoken life={life} />
        <Stats>
          <Stat
            label={isEnded ? "Ran" : "Running for"}
            value={startedAt && <Elapsed from={startedAt} to={finishedAt} />}
          />
          {!isEnded && <Stat label="Time left" value={<Left life={life} />} />}
          {place && <Stat label="At" value={place} hint={stage} />}
          {family === "container" && isEnded && <Stat label="Exit code" value={exitCode} />}
          <Stat label="Last event" value={<Ago at={updatedAt} />} />
        </Stats>
        {message !== undefined && message !== error && <p>{message}</p>}
        <Timeline life={life} />
        {result && Object.keys(result).length > 0 && (
          <section>
            <h3>Result</h3>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
            <pre className="task-result" tabIndex={0}>
              {JSON.stringify(result, undefined, 2)}
            </pre>
          </section>
        )}
      </div>
    </Card>
  );
}

function Timeline({ life }: { readonly life: Life }) {
  const { events, history } = useEvents(life.topic);
  const newest = useMemo(() => events.slice(-EVENTS).reverse(), [events]);
  return (
    <>
      {life.family === "workflow" && <Phases life={life} events={events} />}
      <section>
        <h3>
          Events <span className="quiet">{events.length > EVENTS ? `the newest ${EVENTS}` : newest.length}</span>
        </h3>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
        <ol className="task-events" tabIndex={0} aria-label="Events, the newest first">
          {newest.map((event) => (
            <li key={event.position.offset}>
              <span className="quiet">
                <Ago at={event.timestamp} />
              </span>
              <span className="task-event">{wordsOf(event.type)}</span>
              <span className="task-said">{textOf(event)}</span>
            </li>
          ))}
        </ol>
        {history === "stale" && <p className="quiet">Older events could not be loaded; trying again.</p>}
      </section>
    </>
  );
}

function Phases({ life, events }: { readonly life: Life; readonly events: ReturnType<typeof useEvents>["events"] }) {
  const { status, state } = life;
  const phases = useMemo(() => toPhases(events, status, state.totalSteps), [events, status, state.totalSteps]);
  if (phases.length === 0) return null;
  return (
    <section>
      <h3>Phases</h3>
      <ol className="phases">
        {phases.map((phase) => (
          <li key={phase.name} data-status={phase.status ?? "waiting"}>
            <span className="phase-name">{phase.name}</span>
            {phase.status ? <StatusPill status={phase.status} /> : <span className="quiet">to come</span>}
            <span className="number">
              {phase.status === "running" ? (
                <Elapsed from={phase.startedAt} to={undefined} />
              ) : (
                phase.durationMs !== undefined && formatDuration(phase.durationMs)
              )}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
