// What the page can show: each hook as text that a test reads, and each component.
import { type ComponentType, memo, StrictMode, useEffect, useRef, useState } from "react";
import * as tidewire from "../../src/index.js";

type Props = Readonly<Record<string, unknown>>;

/** Shows a value as text, and counts how often it was rendered. */
function Seen({ value, name = "seen" }: { readonly value: unknown; readonly name?: string }) {
  const renders = useRef(0);
  renders.current++;
  return (
    <pre data-testid={name} data-renders={renders.current}>
      {JSON.stringify(value, (_, each) => (each instanceof Map ? Object.fromEntries(each) : each))}
    </pre>
  );
}

function Task({ projectId, taskId }: { projectId?: string; taskId?: string }) {
  const { connection, exists, status, progress, message, failure, result, isEnded, gap, error, stage } =
    tidewire.useTask(projectId, taskId);
  return (
    <Seen
      value={{
        connection,
        exists,
        status,
        progress,
        message,
        failure,
        result,
        isEnded,
        gap,
        error: error?.code,
        stage,
      }}
    />
  );
}

function Workflow({ workflowId, executionId }: { workflowId: string; executionId: string }) {
  const { connection, status, stage, step, totalSteps } = tidewire.useWorkflow(workflowId, executionId);
  const { events, history } = tidewire.useEvents(`workflow.${workflowId}.${executionId}`);
  return (
    <Seen value={{ connection, status, stage, step, totalSteps, history, events: events.map(({ type }) => type) }} />
  );
}

function Container({ projectId, containerId }: { projectId: string; containerId: string }) {
  const { status, exitCode, connection } = tidewire.useContainer(projectId, containerId);
  return <Seen value={{ status, exitCode, connection }} />;
}

function Evaluation({ id }: { id: string }) {
  const { status, progress, connection } = tidewire.useEvaluation(id);
  return <Seen value={{ status, progress, connection }} />;
}

function Progress({ topic }: { topic: string }) {
  return <Seen value={tidewire.useProgress(topic, ({ status, progress }) => ({ status, progress }))} />;
}

/** One reads everything, the other the progress alone. */
function Selected({ projectId, taskId }: { projectId: string; taskId: string }) {
  return (
    <>
      <Task projectId={projectId} taskId={taskId} />
      <OnlyProgress projectId={projectId} taskId={taskId} />
    </>
  );
}

const OnlyProgress = memo(function OnlyProgress({ projectId, taskId }: { projectId: string; taskId: string }) {
  return <Seen name="selected" value={tidewire.useTask(projectId, taskId, ({ progress }) => ({ progress }))} />;
});

/** Reads the buffers in place, as a chart does. */
function Training({ experimentId }: { experimentId: string }) {
  const run = tidewire.useTraining(experimentId);
  const { status, connection, latest, history, epoch, totalEpochs, config, metrics, logs, gap } = run;
  useEffect(() => {
    const offs = [metrics, logs].map((source) => source.subscribe(() => tellings.current++));
    return () => {
      for (const off of offs) off();
    };
  }, [metrics, logs]);
  const tellings = useRef(0);
  Object.assign(globalThis, { run, tellings });
  return <Seen value={{ status, connection, latest, history, epoch, totalEpochs, config, gap }} />;
}

/** The same without anybody who reads the buffers. */
function TrainingState({ experimentId }: { experimentId: string }) {
  const { status, latest, history } = tidewire.useTraining(experimentId);
  return <Seen value={{ status, latest, history }} />;
}

function Topics({ pattern, filter }: { pattern: string; filter?: { types: ["status_changed"] } }) {
  const { topics, connection, gap } = tidewire.useTopics(pattern, filter);
  return (
    <Seen
      value={{ connection, gap, topics: new Map([...topics].map(([topic, { state }]) => [topic, state.status])) }}
    />
  );
}

function System({ node }: { node?: string }) {
  const { stats, nodes, series, connection } = tidewire.useSystemStats(node);
  tidewire.useSource(series);
  return (
    <Seen
      value={{ connection, nodes, cpu: typeof stats?.cpu?.cpuUtil, points: series.get("memory.ramPercent")?.length }}
    />
  );
}

function Inference({ ensembleName }: { ensembleName: string }) {
  const session = tidewire.useInference(ensembleName);
  const { connection, info, error, prediction, count, pending, series } = session;
  tidewire.useSource(series);
  Object.assign(globalThis, { session });
  const value = {
    connection,
    signals: info?.signals,
    error: error?.code,
    predicted: prediction && Object.keys(prediction.predictions).length,
    count,
    pending,
    points: series.get("TEY")?.length,
  };
  return <Seen value={value} />;
}

function Connection({ topic }: { topic: string }) {
  const { connection, attempts, roundTripMs, error, reconnect } = tidewire.useConnection();
  tidewire.useProgress(topic);
  return (
    <>
      <Seen value={{ connection, attempts, measured: roundTripMs !== undefined, error: error?.code }} />
      <button type="button" onClick={reconnect}>
        Again
      </button>
    </>
  );
}

/** Mounts and unmounts what is below it. */
function Blinking(props: { projectId: string; taskId: string }) {
  const [isShown, setShown] = useState(true);
  return (
    <>
      <button type="button" onClick={() => setShown(!isShown)}>
        Blink
      </button>
      {isShown && <Task {...props} />}
    </>
  );
}

/** A provider of its own, with a client of its own. */
function Own({ url, projectId, taskId }: { url: string; projectId: string; taskId: string }) {
  const [isShown, setShown] = useState(true);
  return (
    <>
      <button type="button" onClick={() => setShown(!isShown)}>
        Toggle
      </button>
      {isShown && (
        <tidewire.TidewireProvider url={url}>
          <Task projectId={projectId} taskId={taskId} />
          <Inference ensembleName="gas_turbine" />
          <Predicted ensembleName="gas_turbine" />
        </tidewire.TidewireProvider>
      )}
    </>
  );
}

/** Another component with the same ensemble: it sees what the first one predicts. */
function Predicted({ ensembleName }: { ensembleName: string }) {
  return <Seen name="predicted" value={tidewire.useInference(ensembleName, undefined, ({ count }) => ({ count }))} />;
}

function Everything({ experimentId }: { experimentId: string }) {
  return (
    <>
      <tidewire.ConnectionBadge />
      <tidewire.ProgressBar label="Upload" value={62.4} />
      <tidewire.ProgressBar label="Looking for sensors" />
      <tidewire.ProgressTracker topic="task.demo.import" label="Import" isCancellable />
      <tidewire.ProgressTracker topic="task.demo.broken" label="Export" />
      <tidewire.ProgressTracker topic="workflow.nightly.7" label="Nightly" />
      <tidewire.TrainingMonitor experimentId={experimentId} hasControls />
      <tidewire.PredictionMonitor ensembleName="gas_turbine" reading={READING} />
      <tidewire.SystemMonitor />
    </>
  );
}

const READING = { AT: 23.5, AP: 1013.2, AH: 77.1, AFDP: 3.9, GTEP: 25.5 };

const scenes = {
  Task,
  Workflow,
  Container,
  Evaluation,
  Progress,
  Selected,
  Training,
  TrainingState,
  Topics,
  System,
  Inference,
  Connection,
  Blinking,
  Own,
  Everything,
  ProgressBar: tidewire.ProgressBar,
  ProgressTracker: tidewire.ProgressTracker,
  TrainingMonitor: tidewire.TrainingMonitor,
  PredictionMonitor: tidewire.PredictionMonitor,
  SystemMonitor: tidewire.SystemMonitor,
};

/** Name of what can be shown. */
export type Scene = keyof typeof scenes;
export const SCENES = scenes as unknown as Readonly<Record<Scene, ComponentType<Props>>>;

/** A page as it is rendered on a server, and comes to life where it is shown. */
export function Rendered({ scene, props, url }: { scene: Scene; props: Props; url: string }) {
  const Component = SCENES[scene];
  return (
    <StrictMode>
      <tidewire.TidewireProvider url={url}>
        <main>
          <h1>{scene}</h1>
          <Component {...props} />
        </main>
      </tidewire.TidewireProvider>
    </StrictMode>
  );
}
