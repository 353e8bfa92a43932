// A file whose rows are sent at a rate.
import { type NamedPrediction, type NamedReading, TidewireClientError } from "@tidewire/client";
import { useEffect, useReducer, useRef, useState } from "react";
import { type NumberTable, readTable } from "../../csv/csv.js";
import { formatCount } from "../../format/numbers.js";
import { formatDuration } from "../../format/time.js";
import { Button } from "../../ui/button.js";
import { Field } from "../../ui/field.js";
import { Notice } from "../../ui/notice.js";
import { Meter } from "../../ui/stat.js";
import { Select } from "../../ui/toolbar.js";
import { Playback, type PlaybackState } from "./playback.js";
import type { Trace } from "./trace.js";

/** Rows that are read of a file: of eleven columns, 18 MB. */
const MAX_ROWS = 200_000;
const RATES = ["1", "5", "20", "100", "500", "1000"] as const;
type Rate = (typeof RATES)[number];

interface StreamFormProps {
  readonly boundarySignals: readonly string[];
  readonly signals: readonly string[];
  readonly predict: (reading: NamedReading) => Promise<NamedPrediction>;
  readonly trace: Trace;
  /** Another file is about to be played; a new trace is wanted. */
  readonly onBegin: () => void;
}

interface Chosen {
  readonly name: string;
  readonly table?: NumberTable;
  readonly problem?: string;
}

export function StreamForm({ boundarySignals, signals, predict, trace, onBegin }: StreamFormProps) {
  const [chosen, setChosen] = useState<Chosen>();
  const [rate, setRate] = useState<Rate>("20");
  const playback = usePlayback(chosen?.table, { boundarySignals, signals, predict, trace }, Number(rate));
  const choose = async (file: File | undefined) => {
    if (!file) return;
    onBegin();
    setChosen({ name: file.name });
    setChosen({ name: file.name, ...(await read(file, boundarySignals, signals)) });
  };
  const hasTruth = chosen?.table && signals.some((signal) => chosen.table?.columns.includes(signal));
  return (
    <div className="inference-stream">
      <Field
        label="CSV file"
        hint={
          chosen?.table
            ? describe(chosen.table, hasTruth ?? false)
            : "Read in this browser. A header row, a column for each boundary signal."
        }
        problem={chosen?.problem}
      >
        {(field) => (
          <input
            {...field}
            className="field inference-file"
            type="file"
            accept=".csv,text/csv"
            onChange={(event) => void choose(event.target.files?.[0])}
          />
        )}
      </Field>
      <Select
        label="Rows a second"
        options={RATES.map((value) => ({ value, title: formatCount(Number(value)) }))}
        value={rate}
        onChange={setRate}
      />
      {playback && <Controls playback={playback} onAgain={onBegin} />}
    </div>
  );
}

function describe({ rows, isShortened }: NumberTable, hasTruth: boolean): string {
  const count = `${isShortened ? "the first " : ""}${formatCount(rows)} rows`;
  return hasTruth ? `${count}, with true values` : `${count}, without true values`;
}

/** The table of a file, or what is wrong with it. */
async function read(
  file: File,
  boundarySignals: readonly string[],
  signals: readonly string[],
): Promise<Omit<Chosen, "name">> {
  try {
    const wanted = new Set([...boundarySignals, ...signals]);
    const table = await readTable(file, { maxRows: MAX_ROWS, wants: (column) => wanted.has(column) });
    const missing = boundarySignals.filter((signal) => !table.columns.includes(signal));
    if (missing.length > 0) return { problem: `The file has no column ${missing.join(", ")}` };
    return table.rows === 0 ? { problem: "The file has a header and no rows" } : { table };
  } catch (cause) {
    return { problem: cause instanceof Error ? cause.message : String(cause) };
  }
}

type Given = Pick<StreamFormProps, "boundarySignals" | "signals" | "predict" | "trace">;

/** The playback of a table into a trace; another of either is another playback. */
function usePlayback(table: NumberTable | undefined, given: Given, rate: number): Playback | undefined {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const [playback, setPlayback] = useState<Playback>();
  const { predict, trace } = given;
  const names = useRef(given);
  useEffect(() => {
    names.current = given;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rate changes while it plays; the names are the ensemble's
  useEffect(() => {
    if (!table) return undefined;
    const { boundarySignals, signals } = names.current;
    const made = new Playback({ table, boundarySignals, signals, predict, trace, onState: render }, rate);
    setPlayback(made);
    return () => {
      made.stop();
      setPlayback(undefined);
    };
  }, [table, predict, trace]);
  useEffect(() => {
    if (playback) playback.rate = rate;
  }, [playback, rate]);
  useEffect(() => trace.subscribe(render), [trace]);
  return playback;
}

function Controls({ playback, onAgain }: { readonly playback: Playback; readonly onAgain: () => void }) {
  const { state, sent, rows, rate, failures } = playback;
  const hasBegun = state.is !== "ready";
  return (
    <>
      <div className="inference-controls">
        {(state.is === "ready" || state.is === "paused") && (
          <Button kind="primary" icon="play" onClick={() => playback.play()}>
            {hasBegun ? "Go on" : "Stream"}
          </Button>
        )}
        {state.is === "running" && (
          <Button icon="pause" onClick={() => playback.pause()}>
            Pause
          </Button>
        )}
        {(state.is === "running" || state.is === "paused") && (
          <Button kind="danger" icon="stop" onClick={() => playback.stop()}>
            Stop
          </Button>
        )}
        {(state.is === "ended" || state.is === "failed") && (
          <Button icon="reset" onClick={onAgain}>
            From the beginning
          </Button>
        )}
      </div>
      <Meter label="Rows sent" percent={(100 * sent) / rows} />
      <p className="quiet">
        {WORDS[state.is]} {formatCount(sent)} of {formatCount(rows)} rows
        {state.is === "running" && `, ${formatDuration((1000 * (rows - sent)) / rate)} left`}
      </p>
      {failures.count > 0 && (
        <Notice tone={state.is === "failed" ? "bad" : "warn"}>
          {formatCount(failures.count)} without a prediction.{" "}
          {failures.last instanceof TidewireClientError && <code>{failures.last.code}</code>} {failures.last?.message}
        </Notice>
      )}
    </>
  );
}

const WORDS: Readonly<Record<PlaybackState["is"], string>> = {
  ready: "Ready:",
  running: "Streaming:",
  paused: "Paused:",
  ended: "Ended:",
  failed: "Failed:",
};
