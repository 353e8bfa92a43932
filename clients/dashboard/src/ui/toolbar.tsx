// Controls above a table or a chart. All of them hold a part of the view; the page keeps it in the address.
import { type ReactNode, useId, useRef } from "react";
import { useShortcut } from "../app/keys.js";
import { Icon } from "./icon.js";

/** A row of controls. */
export function Toolbar({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out as no other element is
    <div className="toolbar" role="group" aria-label={label}>
      {children}
    </div>
  );
}

interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What is wrong with it. */
  readonly problem?: string | undefined;
  /** The key that goes there. Default: "/". */
  readonly shortcut?: string;
}

export function SearchField({ label, value, onChange, problem, shortcut = "/" }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useShortcut(shortcut, label, () => input.current?.focus());
  return (
    <label className="search">
      <Icon name="search" size={14} />
      <span className="visually-hidden">{label}</span>
      <input
        ref={input}
        type="search"
        placeholder={label}
        value={value}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? id : undefined}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && (value === "" ? event.currentTarget.blur() : onChange(""))}
      />
      {problem && (
        <span id={id} className="search-problem" role="status">
          {problem}
        </span>
      )}
    </label>
  );
}

interface SegmentedProps<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly title: ReactNode }[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

/** One of a few, all of them seen. */
export function Segmented<Value extends string>({ label, options, value, onChange }: SegmentedProps<Value>) {
  const name = useId();
  return (
    <fieldset className="segmented">
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>{option.title}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface ChipProps {
  readonly isOn: boolean;
  readonly onToggle: () => void;
  readonly children: ReactNode;
  /** How many there are of it. */
  readonly count?: number | undefined;
  readonly tone?: string;
}

/** One of several filters, each on or off. */
export function Chip({ isOn, onToggle, children, count, tone }: ChipProps) {
  return (
    <button type="button" className="chip" aria-pressed={isOn} data-tone={tone} onClick={onToggle}>
      {children}
      {count !== undefined && <span className="chip-count">{count.toLocaleString("en")}</span>}
    </button>
  );
}

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly show: (value: number) => string;
  readonly onChange: (value: number) => void;
}

export function Slider({ label, value, min, max, step, show, onChange }: SliderProps) {
  return (
    <label className="slider">
      <span>{label}</span>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={show(value)}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
      <output>{show(value)}</output>
    </label>
  );
}

interface SelectProps<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly title: string }[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

/** One of many. */
export function Select<Value extends string>({ label, options, value, onChange }: SelectProps<Value>) {
  return (
    <label className="select">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value as Value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.title}
          </option>
        ))}
      </select>
    </label>
  );
}
