// Names of topics, and patterns over them.
import { TidewireError } from "../errors.js";
import { cut } from "../wire/refuse.js";

/** Longest token of a topic, in characters. */
export const MAX_TOKEN_LENGTH = 128;
/** Most tokens of a topic or pattern; families have two or three, and a pattern deeper than that matches nothing. */
export const MAX_TOKENS = 8;

/** One token of a topic, as a regular expression has it. */
export const TOKEN_PATTERN = "[A-Za-z0-9_-]{1,128}";

const TOKEN = new RegExp(`^${TOKEN_PATTERN}$`);
const ALLOWED = "dot-separated tokens of 1 to 128 of A-Z a-z 0-9 _ -";
const MAX_SHOWN = 200;

/** Token of a pattern that stands for any one token. */
export const ANY = "*";
/** Last token of a pattern that stands for the rest, one token or more. */
export const REST = ">";

/** The tokens of a topic. @throws TidewireError INVALID_TOPIC */
export function parseTopic(topic: string): readonly string[] {
  const tokens = topic.split(".", MAX_TOKENS + 1);
  if (tokens.length > MAX_TOKENS || !tokens.every((token) => TOKEN.test(token))) throw invalid(topic, ALLOWED);
  return tokens;
}

/** The tokens of a topic or pattern. @throws TidewireError INVALID_TOPIC */
export function parsePattern(pattern: string): readonly string[] {
  const tokens = pattern.split(".", MAX_TOKENS + 1);
  const isValid = (token: string, i: number): boolean =>
    TOKEN.test(token) || token === ANY || (token === REST && i === tokens.length - 1);
  if (tokens.length > MAX_TOKENS || !tokens.every(isValid))
    throw invalid(pattern, `${ALLOWED}, where * is any one token and a final > the rest`);
  return tokens;
}

/** Whether it names many topics. */
export function isPattern(tokens: readonly string[]): boolean {
  return tokens.some((token) => token === ANY || token === REST);
}

/** Whether a pattern's tokens match a topic's. */
export function matches(pattern: readonly string[], topic: readonly string[]): boolean {
  for (let i = 0; i < pattern.length; i += 1) {
    if (pattern[i] === REST) return topic.length > i;
    if (i >= topic.length || (pattern[i] !== ANY && pattern[i] !== topic[i])) return false;
  }
  return pattern.length === topic.length;
}

function invalid(topic: string, allowed: string): TidewireError {
  const shown = cut(topic, MAX_SHOWN);
  return new TidewireError(
    "INVALID_TOPIC",
    `topic ${JSON.stringify(shown)} is none: ${allowed}, at most ${MAX_TOKENS}`,
    {
      topic: shown,
    },
  );
}
