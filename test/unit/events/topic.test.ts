// Names of topics and patterns, against regular expressions that share nothing with the parser.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { TidewireError } from "../../../src/errors.js";
import { isPattern, matches, parsePattern, parseTopic } from "../../../src/events/topic.js";
import { cut } from "../../../src/wire/refuse.js";

const RUNS = 20_000;
const TOPIC = /^[A-Za-z0-9_-]{1,128}(?:\.[A-Za-z0-9_-]{1,128}){0,7}$/;
const PATTERN = /^(?:(?:[A-Za-z0-9_-]{1,128}|\*)\.){0,7}(?:[A-Za-z0-9_-]{1,128}|\*|>)$/;

const legal = fc.constantFrom(..."abzAZ09_-");
const token = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: legal, minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom("x".repeat(127), "x".repeat(128)) },
);
const patternToken = fc.oneof({ weight: 3, arbitrary: token }, fc.constantFrom("*", ">"));
const topic = fc.array(token, { minLength: 1, maxLength: 8 });
/** Legal and hardly legal: a wrong character somewhere, an empty token, one too long, one too many, a `>` in the middle. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(patternToken, { minLength: 1, maxLength: 10 }).map((tokens) => tokens.join(".")),
  fc
    .tuple(
      fc.array(patternToken, { minLength: 1, maxLength: 9 }),
      fc.nat(),
      fc.constantFrom("", ".", "..", "\0", "\n", " ", "*", ">", "/", "é", "０", "\u{1f600}", "\ud800", "x".repeat(129)),
    )
    .map(([tokens, at, wrong]) => {
      const text = tokens.join(".");
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + wrong + text.slice(cut);
    }),
);

/** What a parser says of a text: its tokens, or undefined when it refuses it as it promises to. */
function parsed(parse: (text: string) => readonly string[], text: string): readonly string[] | undefined {
  try {
    return parse(text);
  } catch (error) {
    assert.ok(error instanceof TidewireError, String(error));
    assert.equal(error.code, "INVALID_TOPIC");
    assert.equal(error.details?.topic, cut(text, 200), "details name the topic");
    assert.ok(error.message.length < 2_000);
    return undefined;
  }
}

function expected(form: RegExp, text: string): string[] | undefined {
  return form.test(text) ? text.split(".") : undefined;
}

test("topics and patterns are what their regular expressions say", async () => {
  const property = fc.property(anyText, (text) => {
    assert.deepEqual(parsed(parseTopic, text), expected(TOPIC, text));
    assert.deepEqual(parsed(parsePattern, text), expected(PATTERN, text));
  });
  fc.assert(property, { numRuns: RUNS });
});

test("hostile names are refused, by name", async (t) => {
  const long = "x".repeat(128);
  const refused = [
    "",
    ".",
    "..",
    "a.",
    ".a",
    "a..b",
    "a.b.",
    "a b",
    "a\0",
    "\0",
    "a.b\n",
    "\na",
    "a\r",
    "trainıng.a",
    "а.b", // a Cyrillic а
    "a.\u202eb",
    "a.\ud800",
    "task.p.💥",
    "../etc",
    "a/b",
    "a:b",
    `${long}x`,
    `a.${long}x`,
    Array(9).fill("a").join("."),
    "a.".repeat(1_000_000),
    "x".repeat(10_000_000),
  ];
  for (const name of refused) {
    const label = JSON.stringify(name.slice(0, 20));
    t.throws(() => parseTopic(name), { code: "INVALID_TOPIC" }, `topic ${label}`);
    t.throws(() => parsePattern(name), { code: "INVALID_TOPIC" }, `pattern ${label}`);
  }
  for (const name of ["*", ">", "a.*", "a.>", "*.a"]) {
    t.throws(() => parseTopic(name), { code: "INVALID_TOPIC" }, `${name} is no topic`);
    t.ok(isPattern(parsePattern(name)), `${name} is a pattern`);
  }
  for (const name of [">.a", "a.>.b", ">>", "**", "a*", "a.*b", "a.>b", Array(9).fill("*").join(".")])
    t.throws(() => parsePattern(name), { code: "INVALID_TOPIC" }, `pattern ${name}`);
  for (const name of [long, Array(8).fill(long).join("."), "__proto__", "constructor.toString", "-", "_", "0"]) {
    t.same(parseTopic(name), name.split("."));
    t.notOk(isPattern(parsePattern(name)));
  }
});

/** A pattern as a regular expression over whole names. */
function regular(pattern: readonly string[]): RegExp {
  const parts = pattern.map((each) => (each === "*" ? "[^.]+" : each === ">" ? ".+" : each));
  return new RegExp(`^${parts.join("\\.")}$`);
}

test("a pattern matches what it matches as a regular expression", async () => {
  const few = fc.constantFrom("a", "b", "ab");
  const pattern = fc
    .array(fc.oneof({ weight: 2, arbitrary: few }, fc.constant("*")), { maxLength: 7 })
    .chain((head) => fc.constantFrom("a", "*", ">").map((last) => [...head, last]));
  const name = fc.array(few, { minLength: 1, maxLength: 8 });
  let matched = 0;
  const property = fc.property(pattern, name, (tokens, topicTokens) => {
    const isMatch = regular(tokens).test(topicTokens.join("."));
    if (isMatch) matched += 1;
    assert.equal(matches(tokens, topicTokens), isMatch, `${tokens.join(".")} on ${topicTokens.join(".")}`);
  });
  fc.assert(property, { numRuns: RUNS });
  assert.ok(matched > RUNS / 20, `${matched} matches are a test of matches`);
});

test("a topic matches itself, no longer or shorter one, and `>` is one token or more", async (t) => {
  const property = fc.property(topic, (tokens) => {
    assert.ok(matches(tokens, tokens));
    assert.ok(!matches(tokens, [...tokens, "a"]) && !matches([...tokens, "a"], tokens));
    assert.ok(
      matches([">"], tokens) && !matches([...tokens, ">"], tokens) && matches([...tokens, ">"], [...tokens, "a"]),
    );
  });
  fc.assert(property, { numRuns: 1_000 });
  t.notOk(matches(["*", "*"], ["a"]));
  t.notOk(matches(["*"], ["a", "b"]));
  t.notOk(matches(["a", ">"], ["a"]));
});
