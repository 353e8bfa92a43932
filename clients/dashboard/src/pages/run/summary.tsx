// Where a run stands, in one row, and what it was started with.
import { ProgressBar, type TrainingView } from "@tidewire/react";
import { formatCount, formatPercent } from "../../format/numbers.js";
import { formatDateTime } from "../../format/time.js";
import type { Life } from "../../lives/life.js";
import { Left, textOf } from "../../lives/life-progress.js";
import { Card } from "../../ui/card.js";
import { Stat, Stats } from "../../ui/stat.js";
import { Ago, Elapsed } from "../../ui/time.js";

/** The view without what comes with every line. */
export type Facts = Pick<
  TrainingView,
  | "epoch"
  | "totalEpochs"
  | "step"
  | "totalSteps"
  | "startedAt"
  | "finishedAt"
  | "updatedAt"
  | "createdAt"
  | "config"
  | "message"
  | "stage"
>;

export function Summary({ facts, life }: { readonly facts: Facts; readonly life: Life }) {
  const { epoch, totalEpochs, step, totalSteps, startedAt, finishedAt, updatedAt, stage } = facts;
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
        <Stat label={isEnded ? "Ended" : "Last heard"} value={<Ago at={isEnded ? finishedAt : updatedAt} />} />
      </Stats>
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
