// Scopes: an action, and what it may be done to. What an operation needs is a scope too, so one question answers
// everything: does the one that is held cover the one that is needed?
import { TidewireError } from "../errors.js";
import { ANY, MAX_TOKENS, parsePattern, REST } from "../events/topic.js";

/** What can be allowed. */
export const ACTIONS = ["predict", "subscribe", "publish", "monitor", "admin"] as const;

/** One of {@link ACTIONS}. */
export type Action = (typeof ACTIONS)[number];

/** An action, and what it is about. */
export interface Scope {
  readonly action: Action;
  /** An ensemble's name or `*`; a topic or pattern; empty for actions that are about nothing in particular. */
  readonly target: string;
  /** The target's tokens, one beyond the longest pattern's at most: split once, compared with every topic that is asked for. */
  readonly tokens: readonly string[];
}

/** Most scopes of one token: a list that is longer belongs into a pattern. */
export const MAX_SCOPES = 256;
/** Most scopes of a token that is made here: whoever may make one chooses how many are compared with every topic. */
export const MAX_MINTED_SCOPES = 64;
/** Longest scope, in characters: a pattern of eight tokens of 128 has 1,031. */
export const MAX_SCOPE_LENGTH = 1100;
const MAX_SHOWN = 200;

/** What an action without a target is about: all there is. */
const ALL: Readonly<Record<Action, string>> = { predict: ANY, subscribe: REST, publish: REST, monitor: "", admin: "" };

/** May do everything. */
export const ADMIN: Scope = scopeOf("admin", "");

/** A scope of its parts, which are not checked: what an operation needs may name what nobody has. */
export function scopeOf(action: Action, target: string): Scope {
  return { action, target, tokens: target.split(".", MAX_TOKENS + 1) };
}

/** A scope of its text. @throws TidewireError INVALID_MESSAGE that says what is wrong with it */
export function parseScope(text: string): Scope {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const action = ACTIONS.find((known) => known === name);
  if (action === undefined || text.length > MAX_SCOPE_LENGTH) throw invalid(text, `it begins with ${oneOf(ACTIONS)}`);
  if (colon < 0) return scopeOf(action, ALL[action]);
  return scopeOf(action, checkTarget(text, action, text.slice(colon + 1)));
}

function checkTarget(text: string, action: Action, target: string): string {
  if (ALL[action] === "") throw invalid(text, `${action} stands alone`);
  if (target === "") throw invalid(text, `name something after the colon, or leave it out for all`);
  if (action === "predict") return target;
  try {
    parsePattern(target);
  } catch (error) {
    throw invalid(text, error instanceof Error ? error.message : String(error));
  }
  return target;
}

function oneOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function invalid(text: string, reason: string): TidewireError {
  const shown = text.slice(0, MAX_SHOWN);
  return new TidewireError("INVALID_MESSAGE", `${JSON.stringify(shown)} is no scope: ${reason}`, { scope: shown });
}

/** The scope as people write it. */
export function scopeText({ action, target }: Pick<Scope, "action" | "target">): string {
  return target === ALL[action] ? action : `${action}:${target}`;
}

/** Whether everything that `needed` allows is allowed by `held`. */
export function covers(held: Scope, needed: Scope): boolean {
  if (held.action === "admin") return true;
  if (held.action !== needed.action) return false;
  if (held.target === ALL[held.action] || held.target === needed.target) return true;
  return held.action !== "predict" && containsPattern(held.tokens, needed.tokens);
}

/** Whether every topic that the inner pattern matches is matched by the outer one. */
export function containsPattern(outer: readonly string[], inner: readonly string[]): boolean {
  for (let i = 0; i < outer.length; i += 1) {
    if (outer[i] === REST) return i < inner.length;
    if (i >= inner.length || inner[i] === REST) return false;
    if (outer[i] !== ANY && outer[i] !== inner[i]) return false;
  }
  return outer.length === inner.length;
}
