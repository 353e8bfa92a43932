// What of a run's page stands in the address.
import { LEVELS } from "@tidewire/react";
import type { LogState } from "../../logs/log-view.js";
import type { SetView } from "../../router/history.js";
import { choice, choices, flag, number, span, text, type ViewOf } from "../../router/url-state.js";

export const VIEW = {
  /** Charts. */
  m: text(),
  x: choice(["step", "time"], "step"),
  smooth: number(0, 0, 0.99),
  log: flag(),
  w: span(),
  /** Log lines. */
  level: choices(LEVELS),
  q: text(),
  regex: flag(),
  wrap: flag(),
  line: number(0, 0, Number.MAX_SAFE_INTEGER),
};

export type RunView = ViewOf<typeof VIEW>;
export type SetRunView = SetView<typeof VIEW>;

/** The part of the log view, and how it is changed. */
export function toLogState({ level, q, regex, wrap, line }: RunView): LogState {
  return { levels: level, text: q, isRegex: regex, isWrapped: wrap, line };
}

export function fromLogState({ levels, text, isRegex, isWrapped, line }: Partial<LogState>): Partial<RunView> {
  return {
    ...(levels === undefined ? {} : { level: levels }),
    ...(text === undefined ? {} : { q: text }),
    ...(isRegex === undefined ? {} : { regex: isRegex }),
    ...(isWrapped === undefined ? {} : { wrap: isWrapped }),
    ...(line === undefined ? {} : { line }),
  };
}
