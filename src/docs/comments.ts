// What the schema's authors say of messages and fields, and what can be read out of it.
import { COMMENTS } from "../../generated/ts/comments.js";
import type { JsonValue } from "../wire/json.js";
import type { FieldPlan } from "../wire/plan.js";

/** A sentence that says what stands for an absent field. */
const DEFAULT = /\bDefault: (.*?)\.(?:\s|$)/;

/** The comment of a message or an enum. @throws Error for a name that the schema does not have */
export function commentOf(name: string): string {
  return found(name).text;
}

/** The comment of a field, or of an enum's value by its name in JSON. */
export function partComment(name: string, part: string): string {
  const { parts } = found(name);
  return parts[part] ?? parts[part.toUpperCase()] ?? "";
}

/** What an absent field means, in words; empty where the comment does not say. */
export function defaultText(comment: string): string {
  return DEFAULT.exec(comment)?.[1] ?? "";
}

/** The comment without the sentence that says what an absent field means. */
export function withoutDefault(comment: string): string {
  return comment.replace(DEFAULT, "").trim();
}

/** What an absent field means, where the comment says it as a value of JSON. */
export function defaultValue(comment: string): JsonValue | undefined {
  try {
    return JSON.parse(defaultText(comment));
  } catch {
    return undefined; // said in words
  }
}

/** The bounds that are not the type's own: of a number its range, of a string its length. */
export function boundsText({ min, max, maxBytes }: FieldPlan): string {
  if (maxBytes !== undefined) return `at most ${maxBytes.toLocaleString("en")} bytes`;
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? "" : `at most ${max}`;
}

function found(name: string): (typeof COMMENTS)[string] {
  const comment = COMMENTS[name];
  if (!comment) throw new Error(`the schema has no ${name}`);
  return comment;
}
