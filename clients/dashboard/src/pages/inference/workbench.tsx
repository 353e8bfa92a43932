// One ensemble: what goes in at the left, what comes out at the right.
import type { EnsembleDescription } from "@tidewire/client";
import { useInference } from "@tidewire/react";
import { useMemo, useState } from "react";
import { useView } from "../../router/history.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Notice } from "../../ui/notice.js";
import { Segmented } from "../../ui/toolbar.js";
import { LatencyCard } from "./latency-card.js";
import { VIEW } from "./page.js";
import { ReadingForm } from "./reading-form.js";
import { Results } from "./results.js";
import { SaveHistory } from "./save-history.js";
import { SignalCharts } from "./signal-charts.js";
import { StreamForm } from "./stream-form.js";
import { Trace } from "./trace.js";

const SOURCES = [
  { value: "reading", title: "A reading" },
  { value: "file", title: "A CSV file" },
] as const;

export function Workbench({ ensemble }: { readonly ensemble: EnsembleDescription }) {
  const { name, boundarySignals, signals } = ensemble;
  const [view, setView] = useView(VIEW);
  const inference = useInference(name);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round begins with nothing
  const trace = useMemo(() => new Trace(signals), [signals.join(), round]);
  const refusal = inference.connection === "stale" ? inference.error : undefined;
  return (
    <>
      {refusal && (
        <Notice tone="bad">
          <code>{refusal.code}</code> {refusal.message}
        </Notice>
      )}
      {inference.connection === "reconnecting" && (
        <Notice tone="warn">The connection was lost; it is being made anew.</Notice>
      )}
      <div className="inference">
        <div className="inference-in">
          <Card
            title="Input"
            aside={
              <Segmented label="Input" options={SOURCES} value={view.from} onChange={(from) => setView({ from })} />
            }
          >
            {view.from === "reading" ? (
              <ReadingForm
                signals={boundarySignals}
                written={view.reading}
                onWrite={(reading) => setView({ reading })}
                predict={inference.predict}
                trace={trace}
              />
            ) : (
              <StreamForm
                boundarySignals={boundarySignals}
                signals={signals}
                predict={inference.predict}
                trace={trace}
                onBegin={() => setRound((before) => before + 1)}
              />
            )}
          </Card>
          <LatencyCard trace={trace} />
          <SaveHistory sessionId={inference.info?.sessionId} count={inference.count} />
        </div>
        <div className="inference-out">
          <Card
            title="Prediction"
            flush
            aside={
              <Button kind="bare" icon="reset" onClick={() => setRound((before) => before + 1)}>
                Clear
              </Button>
            }
          >
            <Results ensemble={ensemble} trace={trace} configure={inference.configure} />
          </Card>
          <SignalCharts trace={trace} />
        </div>
      </div>
    </>
  );
}
