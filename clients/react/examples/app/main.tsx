// A page of a team's own: its runs, one of them in detail with a chart that it draws itself, and the host.
import type { MetricStore } from "@tidewire/react";
import {
  ConnectionBadge,
  SystemMonitor,
  TidewireProvider,
  TrainingMonitor,
  useTopics,
  useTraining,
} from "@tidewire/react";
import "@tidewire/react/styles.css";
import { StrictMode, useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import "./main.css";

function App() {
  const [chosen, choose] = useState<string>();
  return (
    <TidewireProvider url={location.origin}>
      <main>
        <div className="head">
          <h1>Runs</h1>
          <ConnectionBadge />
        </div>
        <Runs onChoose={choose} />
        {chosen && <Run key={chosen} id={chosen} />}
        <SystemMonitor label="Host" />
      </main>
    </TidewireProvider>
  );
}

/** A run's log lines are many: the list asks for what it shows. */
function Runs({ onChoose }: { readonly onChoose: (id: string) => void }) {
  const { topics } = useTopics("training.*", { types: ["status_changed", "progress"] });
  if (topics.size === 0) return <p>No run has begun yet.</p>;
  return (
    <ul>
      {[...topics.values()].map(({ topic, state }) => (
        <li key={topic}>
          <button type="button" className="tidewire-button" onClick={() => onChoose(nameOf(topic))}>
            {nameOf(topic)}: {state.status}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Run({ id }: { readonly id: string }) {
  const metrics = useTraining(id, (run) => run.metrics);
  const loss = useTraining(id, (run) => run.latest.loss);
  return (
    <>
      <TrainingMonitor experimentId={id} hasControls />
      <Chart metrics={metrics} name="loss" label={`Loss of ${id}, at present ${loss ?? "unknown"}`} />
    </>
  );
}

interface ChartProps {
  readonly metrics: MetricStore;
  readonly name: string;
  readonly label: string;
}

/** Draws straight from the columns, at most once a frame; React does not render for a point. */
function Chart({ metrics, name, label }: ChartProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => metrics.subscribe(() => draw(canvas.current, metrics.get(name)?.value)), [metrics, name]);
  return <canvas ref={canvas} width={640} height={160} role="img" aria-label={label} />;
}

function draw(canvas: HTMLCanvasElement | null, values: Float64Array = new Float64Array()): void {
  const context = canvas?.getContext("2d");
  if (!canvas || !context) return;
  const { width, height } = canvas;
  const most = values.reduce((a, b) => Math.max(a, b), 1e-9);
  context.clearRect(0, 0, width, height);
  context.strokeStyle = getComputedStyle(canvas).color;
  context.beginPath();
  for (const [i, value] of values.entries())
    context.lineTo((i / Math.max(1, values.length - 1)) * width, height - (value / most) * height);
  context.stroke();
  canvas.dataset.points = String(values.length);
}

function nameOf(topic: string): string {
  return topic.slice(topic.indexOf(".") + 1);
}

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
