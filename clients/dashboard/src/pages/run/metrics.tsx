// The charts of a run, grouped by what their names begin with.
import type { MetricStore } from "@tidewire/react";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { useShortcut } from "../../app/keys.js";
import type { Window } from "../../chart/aligned.js";
import { Button } from "../../ui/button.js";
import { Chip, SearchField, Segmented, Slider, Toolbar } from "../../ui/toolbar.js";
import { groupNames } from "./groups.js";
import { MetricCard } from "./metric-card.js";
import type { RunView, SetRunView } from "./view.js";

interface MetricsProps {
  readonly metrics: MetricStore;
  readonly view: RunView;
  readonly setView: SetRunView;
}

const AXES = [
  { value: "step", title: "Step" },
  { value: "time", title: "Time" },
] as const;

export function Metrics({ metrics, view, setView }: MetricsProps) {
  const names = useSyncExternalStore(metrics.subscribe, () => metrics.names);
  const groups = useMemo(() => groupNames(names, view.m), [names, view.m]);
  const onWindow = useCallback((w: Window | undefined) => setView({ w: w && rounded(w) }, { push: true }), [setView]);
  useShortcut("l", "Charts: logarithmic or linear", () => setView({ log: !view.log }));
  useShortcut("x", "Charts: over steps or over time", () =>
    setView({ x: view.x === "step" ? "time" : "step", w: undefined }),
  );
  if (names.length === 0) return <p className="run-quiet">No metrics yet.</p>;
  return (
    <section className="metrics" aria-label="Metrics">
      <Toolbar label="Charts">
        <SearchField label="Filter metrics" value={view.m} shortcut="m" onChange={(m) => setView({ m })} />
        <Segmented label="Over" options={AXES} value={view.x} onChange={(x) => setView({ x, w: undefined })} />
        <Chip isOn={view.log} onToggle={() => setView({ log: !view.log })}>
          Log scale
        </Chip>
        <Slider
          label="Smoothing"
          value={view.smooth}
          min={0}
          max={0.99}
          step={0.01}
          show={(value) => value.toFixed(2)}
          onChange={(smooth) => setView({ smooth })}
        />
        {view.w && (
          <Button icon="reset" onClick={() => onWindow(undefined)}>
            Whole run
          </Button>
        )}
      </Toolbar>
      {groups.length === 0 && <p className="run-quiet">No metric matches.</p>}
      {groups.map(({ group, members }) => (
        <details key={group} className="metric-group" open>
          <summary>
            <h2>{group}</h2>
            <span className="quiet">{members.length}</span>
          </summary>
          <div className="grid">
            {members.map(({ name, title }) => (
              <MetricCard key={name} metrics={metrics} name={name} title={title} view={view} onWindow={onWindow} />
            ))}
          </div>
        </details>
      ))}
    </section>
  );
}

/** With as many digits as the window needs: an address is read by people. */
function rounded([from, to]: Window): Window {
  const digits = Math.max(0, 3 - Math.floor(Math.log10(to - from)));
  return [Number(from.toFixed(Math.min(12, digits))), Number(to.toFixed(Math.min(12, digits)))];
}
