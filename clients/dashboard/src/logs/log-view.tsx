// The log of a run: filtered, searched, followed. It looks at new lines only, and draws those that are in view.
import "./logs.css";
import type { LogLevel } from "@tidewire/client";
import { type HistoryState, LEVELS, type LogBuffer, useSource } from "@tidewire/react";
import { useCallback, useLayoutEffect, useMemo, useRef } from "react";
import { formatCount } from "../format/numbers.js";
import { IconButton } from "../ui/button.js";
import { Chip, SearchField } from "../ui/toolbar.js";
import { LineList } from "./line-list.js";
import { save } from "./save.js";
import { Selection, toFilter } from "./selection.js";

/** What of a log view stands in the address. */
export interface LogState {
  readonly levels: readonly LogLevel[];
  readonly text: string;
  readonly isRegex: boolean;
  readonly isWrapped: boolean;
  /** Number of the line that the reader has marked; 0 is none. */
  readonly line: number;
}

interface LogViewProps {
  readonly logs: LogBuffer;
  readonly history: HistoryState | undefined;
  readonly state: LogState;
  readonly onState: (changes: Partial<LogState>) => void;
  /** Name of the file that is saved. */
  readonly fileName: string;
}

export function LogView({ logs, history, state, onState, fileName }: LogViewProps) {
  const version = useSource(logs);
  const { levels, text, isRegex, isWrapped, line } = state;
  const filter = useMemo(() => toFilter({ levels, text, isRegex }), [levels, text, isRegex]);
  const selection = useMemo(() => new Selection(logs, filter.accepts), [logs, filter]);
  // Cheap where nothing has come: it ends at the first comparison.
  selection.refresh();
  const onMark = useStable((seq: number) => onState({ line: seq === line ? 0 : seq }));
  return (
    <div className="log">
      <div className="log-bar">
        <LevelChips counts={logs.counts} levels={levels} onChange={(levels) => onState({ levels })} />
        <span className="log-tools">
          <SearchField
            label="Search the log"
            value={text}
            problem={filter.problem}
            onChange={(text) => onState({ text })}
          />
          <button
            type="button"
            className="icon-button mono"
            aria-pressed={isRegex}
            aria-label="Regular expression"
            title="Regular expression"
            onClick={() => onState({ isRegex: !isRegex })}
          >
            .*
          </button>
          <IconButton
            icon="wrap"
            label="Wrap lines"
            pressed={isWrapped}
            onClick={() => onState({ isWrapped: !isWrapped })}
          />
          <IconButton icon="download" label="Save these lines" onClick={() => save(selection, fileName)} />
        </span>
      </div>
      <LineList
        lines={selection}
        version={version}
        isWrapped={isWrapped}
        marked={line}
        onMark={onMark}
        empty={emptyText(logs.length, history)}
      />
      <p className="log-foot">
        <span>
          {selection.length === logs.length
            ? `${formatCount(logs.length)} lines`
            : `${formatCount(selection.length)} of ${formatCount(logs.length)} lines`}
        </span>
        {logs.dropped > 0 && <span>{formatCount(logs.dropped)} older ones are no longer kept here</span>}
        {history && history !== "complete" && <span>{HISTORY[history]}</span>}
      </p>
    </div>
  );
}

/** The same function always, which does what the newest one does: rows that are given it are not drawn anew. */
function useStable<Argument>(action: (argument: Argument) => void): (argument: Argument) => void {
  const latest = useRef(action);
  useLayoutEffect(() => {
    latest.current = action;
  });
  return useCallback((argument) => latest.current(argument), []);
}

const HISTORY: Readonly<Record<Exclude<HistoryState, "complete">, string>> = {
  loading: "Loading older lines…",
  bounded: "The server has older lines that are not loaded here",
  stale: "Older lines could not be loaded; trying again",
};

function emptyText(length: number, history: HistoryState | undefined): string {
  if (length > 0) return "No line matches.";
  return history === "complete" ? "No lines yet." : "Loading…";
}

interface LevelChipsProps {
  readonly counts: LogBuffer["counts"];
  readonly levels: readonly LogLevel[];
  readonly onChange: (levels: readonly LogLevel[]) => void;
}

function LevelChips({ counts, levels, onChange }: LevelChipsProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out as no other element is
    <span className="log-levels" role="group" aria-label="Levels">
      {LEVELS.filter((level) => counts[level] > 0 || levels.includes(level)).map((level) => (
        <Chip
          key={level}
          isOn={levels.includes(level)}
          count={counts[level]}
          tone={level}
          onToggle={() =>
            onChange(levels.includes(level) ? levels.filter((each) => each !== level) : [...levels, level])
          }
        >
          {level}
        </Chip>
      ))}
    </span>
  );
}
