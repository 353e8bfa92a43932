// Refusals of the readers: which field, what was expected, what came. Texts stay short whatever was sent.
import { TidewireError } from "../errors.js";
import type { FieldPlan } from "./plan.js";

/** Longest piece of a client's own text that an error repeats, in characters. */
const MAX_QUOTED = 64;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** Key of a map entry or index of a list element that is at fault. */
export type Key = string | number | undefined;

/** An INVALID_MESSAGE that names the field. */
export function refuse(path: string, expected: string, came: unknown): TidewireError {
  const where = path === "" ? "" : `${path}: `;
  const details = path === "" ? undefined : { field: path };
  return new TidewireError("INVALID_MESSAGE", `${where}expected ${expected}, came ${describe(came)}`, details);
}

/** An INVALID_MESSAGE for a field that had to be there. */
export function refuseMissing(path: string): TidewireError {
  return new TidewireError("INVALID_MESSAGE", `${path}: is required`, { field: path });
}

/** Path of a field, or of one of its elements, for people. */
export function pathOf(parent: string, field: FieldPlan, key?: Key): string {
  const path = field.transparent ? parent : join(parent, field.name);
  if (key === undefined) return path;
  return typeof key === "number" ? `${path}[${key}]` : `${path}[${quote(key)}]`;
}

/** Path of a name inside an object. */
export function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

/** A client's text in quotes, cut to a bounded length. */
export function quote(text: string): string {
  return JSON.stringify(clip(text));
}

/** A client's text, cut to a bounded length. It can travel: halves of surrogate pairs become U+FFFD. */
export function clip(text: string): string {
  return text.length <= MAX_QUOTED ? cut(text, MAX_QUOTED) : `${cut(text, MAX_QUOTED)}…`;
}

/** The beginning of a client's text, never cut inside a character. Halves of surrogate pairs become U+FFFD. */
export function cut(text: string, most: number): string {
  const kept = text.length <= most ? text : text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "");
  return kept.replace(LONE_SURROGATES, "\ufffd");
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : String(value);
}
