// The demo in words: numbers as people read them, lines where there is no terminal, the summary.

import { count, duration, rounded, shortest } from "../numbers.js";
import type { Activity } from "./beside/activity.js";
import type { DemoSetup, DemoState } from "./state.js";
import { DEMO_YEAR } from "./turbine.js";

const DEFAULT_URL = "http://127.0.0.1:8000";

/** A value with its digits; a dash where there is none. */
export const fixed = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? "–";

/** An error with its sign. */
export function signed(value: number | undefined, digits: number): string {
  if (value === undefined) return "–";
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? ` ${text}` : `${value < 0 ? "−" : "+"}${text}`;
}

/** A duration of milliseconds with three digits that tell something. */
export function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return "–";
  return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

/** Rows a second, the last digit only where it tells something. */
export const perSecond = (rate: number): string => `${rate < 1000 ? rate.toFixed(1) : count(rate)} rows/s`;

/** The command that asks this server for a prediction, in one or two lines of at most `columns`. */
export function tryIt({ url, boundarySignals }: DemoSetup, columns: number): string[] {
  const command = url === DEFAULT_URL ? "npx tidewire predict" : `npx tidewire predict --url ${url}`;
  const example: Readonly<Record<string, string>> = { AT: "23.5", AP: "1013.2", AH: "77.1", AFDP: "3.9", GTEP: "25.5" };
  const reading = boundarySignals.map((name) => `${name}=${example[name] ?? "1"}`).join(" ");
  const line = `${command} ${reading}`;
  return line.length <= columns ? [line] : [`${command} \\`, `  ${reading}`];
}

/** Where all of it is to be seen: the page, and the command for another terminal. */
export function lookHere({ url }: DemoSetup): { readonly page: string; readonly command: string } {
  return { page: `${url}/`, command: `npx tidewire watch 'training.*'${url === DEFAULT_URL ? "" : ` --url ${url}`}` };
}

/** What goes on beside the stream, the most telling first. */
export function goings(beside: Readonly<Activity>): string[] {
  const { run, workflow, evaluation, task } = beside;
  return [run, workflow, evaluation, task].flatMap((going) => (going ? [`${going.topic} ${going.at}`] : []));
}

/** How the replay goes on, in a few words. */
export function paceOf({ rate, maxInFlight }: DemoSetup): string {
  return rate === 0 ? `as fast as it goes, ${count(maxInFlight)} in flight` : `${rate} asked for`;
}

/** The first lines where there is no terminal. */
export function plainHeader(setup: DemoSetup): string {
  const { url, ensemble, version, yearRows, rate } = setup;
  const rows = `${count(yearRows)} real readings of ${DEMO_YEAR}`;
  return [
    `Tidewire demo on ${url}: ${rows} through ensemble ${ensemble} ${version}, ${rate === 0 ? paceOf(setup) : `${rate} a second`}.`,
    "Open to other clients meanwhile:",
    ...tryIt(setup, 120).map((line) => `  ${line}`),
    ...(setup.isAlone ? [] : [`  ${lookHere(setup).command}`, `The dashboard: ${lookHere(setup).page}`]),
    "Each second: the newest prediction of each signal / the true value (RMSE so far).",
  ].join("\n");
}

/** One line a second where there is no terminal. */
export function plainLine(state: DemoState): string {
  const signals = state.signals.map(
    ({ name, predicted, truth, rmse, digits }) =>
      `${name} ${fixed(predicted, digits)}/${fixed(truth, digits)} (${fixed(rmse, digits)})`,
  );
  const latency = `p50 ${milliseconds(state.p50Ms)} p99 ${milliseconds(state.p99Ms)}`;
  const rows = `${count(state.rowsOfTotal)}/${count(state.total)} rows, ${perSecond(state.rowsPerSecond)}, ${latency}`;
  const failed = state.failed > 0 ? `, ${count(state.failed)} failed: ${state.note}` : "";
  const beside = state.beside ? goings(state.beside).map((going) => ` | ${going}`) : [];
  return `${rows}${failed} | ${signals.join(", ")}${beside.join("")}`;
}

/** What has been replayed, with the quality of each signal. */
export function summary(state: DemoState): string {
  const { rows, elapsedMs, setup, failed } = state;
  if (rows === 0)
    return failed > 0 ? `No prediction came back; ${count(failed)} failed: ${state.note}` : "No row was replayed.";
  const rate = perSecond((rows * 1000) / elapsedMs);
  const latency = `round trip p50 ${milliseconds(state.p50Ms)}, p99 ${milliseconds(state.p99Ms)}`;
  const lines = [`${count(rows)} rows predicted in ${duration(elapsedMs)}: ${rate}`, latency];
  if (failed > 0) lines.push(`${count(failed)} failed: ${state.note}`);
  lines.push("", `${"signal".padEnd(8)}${"RMSE".padStart(9)}${"mean |error|".padStart(14)}  unit     boost`);
  for (const { name, rmse, mae, unit, digits, boost } of state.signals) {
    const figures = `${fixed(rmse, digits + 1).padStart(9)}${fixed(mae, digits + 1).padStart(14)}`;
    lines.push(`${name.padEnd(8)}${figures}  ${unit.padEnd(9)}${boost ? "on" : "off"}`);
  }
  if (rows > setup.yearRows) lines.push("", `The year was replayed ${(rows / setup.yearRows).toFixed(1)} times.`);
  return lines.join("\n");
}

/** What is said at the end of a year: the errors since the start. */
export function yearLine(state: DemoState): string {
  const rmse = state.signals.map(({ name, rmse, digits }) => `${name} ${fixed(rmse, digits + 1)}`).join(", ");
  return `${DEMO_YEAR} complete after ${count(state.rows)} rows: RMSE ${rmse}.`;
}

/** One JSON object. @param event "progress" or "summary" */
export function toJson(state: DemoState, event: "progress" | "summary"): string {
  const { setup } = state;
  const signals = state.signals.map(({ name, predicted, truth, error, rmse, mae, boost }) => [
    name,
    { predicted: predicted && shortest(predicted), true: truth, ...measured({ error, rmse, mae }), boost },
  ]);
  return JSON.stringify({
    event,
    time: new Date().toISOString(),
    url: setup.url,
    ensemble: setup.ensemble,
    rows: state.rows,
    total: state.total,
    year: state.year,
    failed: state.failed,
    elapsed_s: state.elapsedMs / 1000,
    rows_per_s: rounded(event === "summary" ? (state.rows * 1000) / state.elapsedMs : state.rowsPerSecond),
    latency_ms: measured({ p50: state.p50Ms, p99: state.p99Ms }),
    reading: Object.fromEntries(state.reading.map(({ name, value }) => [name, value])),
    signals: Object.fromEntries(signals),
    ...(state.note === undefined ? {} : { note: state.note }),
    ...(state.beside && event === "progress" ? { beside: state.beside } : {}),
  });
}

function measured(figures: Readonly<Record<string, number | undefined>>): Record<string, number | undefined> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)]));
}
