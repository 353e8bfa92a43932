// Where a run stands, in one row, and what it was started with.
import type { TopicSnapshot } from "@tidewire/client";
import { ProgressBar, useTraining } from "@tidewire/react";
import { useMemo } from "react";
import { formatCount, formatPercent } from "../../format/numbers.js";
import { formatDateTime } from "../../format/time.js";
import { toLife } from "../../lives/life.js";
import { Left, textOf } from "../../lives/life-progress.js";
import { Spoken } from "../../lives/spoken.js";
import { Card } from "../../ui/card.js";
import { Stat, Stats } from "../../ui/stat.js";
import { Ago, Elapsed } from "../../ui/time.js";

/** Changes with every event of the run, and nothing else of the page does. */
export function Summary({ experimentId }: { readonly experimentId: string }) {
  const { state, topic, position, ...run } = useTraining(experimentId);
  const life = useMemo(() => {
    if (!state || !position) return undefined;
    const snapshot = { type: "snapshot", topic, position, state, family: "training", experimentId };
    return toLife(snapshot as unknown as TopicSnapshot);
  }, [state, topic, position, experimentId]);
  if (!life) return null;
  const { epoch, totalEpochs, step, totalSteps, startedAt, finishedAt, updatedAt, stage } = run;
  const { progress, isEnded } = life;
  return (
    <section className="card run-summary" aria-label="Progress">
      {(progress !== undefined || !isEnded) && (
        <ProgressBar
          hidesLabel
          label="Progress of the run"
          value={progress}
          status={life.status}
          valueText={textOf(life)}
        />
      )}
      <Stats>
        <Stat label="Progress" value={progress === undefined ? undefined : formatPercent(progress)} hint={stage} />
        <Stat label="Epoch" value={of(epoch, totalEpochs)} />
        <Stat label="Step" value={of(step, totalSteps)} />
        <Stat
          label={isEnded ? "Ran" : "Running for"}
          value={startedAt && <Elapsed from={startedAt} to={finishedAt} />}
          hint={startedAt && `since ${formatDateTime(startedAt)}`}
        />
        {!isEnded && <Stat label="Time left" value={<Left life={life} />} />}
        <Stat label={isEnded ? "Ended" : "Last event"} value={<Ago at={isEnded ? finishedAt : updatedAt} />} />
      </Stats>
      <Spoken life={life} />
    </section>
  );
}

function of(at: number | undefined, all: number | undefined) {
  if (at === undefined) return undefined;
  return (
    <>
      {formatCount(at)}
      {all !== undefined && <span className="stat-of"> / {formatCount(all)}</span>}
    </>
  );
}

/** What the run was started with. */
export function Settings({ config }: { readonly config: Readonly<Record<string, unknown>> }) {
  const entries = Object.entries(config);
  return (
    <Card title="Settings" aside={entries.length}>
      <dl className="settings">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
