import fc from "fast-check";
import t from "tap";
import { ACTIONS, ADMIN, containsPattern, covers, parseScope, scopeOf, scopeText } from "../../../src/access/scopes.js";
import { ANY, matches, parsePattern, REST } from "../../../src/events/topic.js";

/** Few tokens, so that patterns meet. */
const token = fc.constantFrom("a", "b", "c");
const topic = fc.array(token, { minLength: 1, maxLength: 4 });
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant(ANY)), { maxLength: 3 }), fc.constantFrom("a", ANY, REST))
  .map(([head, last]) => [...head, last]);

/** Every topic of up to so many tokens out of those of the patterns and one that none of them names. */
function topicsUpTo(length: number): string[][] {
  if (length === 0) return [];
  const shorter = topicsUpTo(length - 1);
  const longest = length === 1 ? [[]] : shorter.filter((one) => one.length === length - 1);
  return [...shorter, ...longest.flatMap((head) => ["a", "b", "c", "d"].map((last) => [...head, last]))];
}

const TOPICS = topicsUpTo(5);

t.test("a pattern contains another exactly where it matches all that the other matches", async (t) => {
  fc.assert(
    fc.property(pattern, pattern, (outer, inner) => {
      const isContained = TOPICS.every((one) => !matches(inner, one) || matches(outer, one));
      return containsPattern(outer, inner) === isContained;
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

t.test("a topic is contained in a pattern exactly where the pattern matches it", async (t) => {
  fc.assert(fc.property(pattern, topic, (outer, one) => containsPattern(outer, one) === matches(outer, one)));
  t.pass();
});

t.test("what is covered goes on: through another, and to all there is", async (t) => {
  const scope = pattern.map((tokens) => scopeOf("subscribe", tokens.join(".")));
  fc.assert(
    fc.property(scope, scope, scope, (a, b, c) => !(covers(a, b) && covers(b, c)) || covers(a, c)),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(scope, (one) => covers(one, one) && covers(parseScope("subscribe"), one) && covers(ADMIN, one)),
  );
  t.pass();
});

t.test("held, needed: whether one covers the other", async (t) => {
  const cases: [string, string, boolean][] = [
    ["admin", "monitor", true],
    ["monitor", "monitor", true],
    ["monitor", "admin", false],
    ["predict", "predict:gas_turbine", true],
    ["predict:*", "predict", true],
    ["predict:gas_turbine", "predict", false],
    ["predict:gas_turbine", "predict:gas_turbine", true],
    ["predict:gas_turbine", "predict:gas", false],
    ["predict:a.*", "predict:a.b", false],
    ["subscribe:training.*", "subscribe:training.run_1", true],
    ["subscribe:training.*", "subscribe:training.*", true],
    ["subscribe:training.*", "subscribe:training.>", false],
    ["subscribe:training.run_1", "subscribe:training.*", false],
    ["subscribe:task.press.>", "subscribe:task.press.t1", true],
    ["subscribe:task.press.>", "subscribe:task.*.t1", false],
    ["subscribe:*.*", "subscribe:>", false],
    ["subscribe:>", "subscribe", true],
    ["publish:training.*", "subscribe:training.run_1", false],
  ];
  for (const [held, needed, expected] of cases)
    t.equal(covers(parseScope(held), parseScope(needed)), expected, `${held} covers ${needed}`);
});

t.test("a scope says the same after it was written and read", async (t) => {
  const any = fc.oneof(
    pattern.chain((tokens) => fc.constantFrom(`subscribe:${tokens.join(".")}`, `publish:${tokens.join(".")}`)),
    fc.constantFrom(...ACTIONS),
    fc.string({ minLength: 1, maxLength: 20 }).map((name) => `predict:${name}`),
  );
  fc.assert(fc.property(any, (text) => t.same(parseScope(scopeText(parseScope(text))), parseScope(text)) ?? true));
  t.equal(scopeText(parseScope("predict:*")), "predict");
});

t.test("what is no scope is refused with its reason", async (t) => {
  const wrong: [string, RegExp][] = [
    ["", /begins with predict, subscribe/],
    ["Admin", /begins with/],
    ["read:training.*", /begins with/],
    ["admin:", /admin stands alone/],
    ["monitor:x", /monitor stands alone/],
    ["predict:", /after the colon/],
    ["subscribe:", /after the colon/],
    ["subscribe:a..b", /topic "a..b" is none/],
    ["publish:>.a", /topic ">.a" is none/],
    [`predict:${"a".repeat(2000)}`, /begins with/],
  ];
  for (const [text, message] of wrong)
    t.throws(() => parseScope(text), { code: "INVALID_MESSAGE", message }, text.slice(0, 20));
});

t.test("whatever text comes, it is a scope or refused as one", async (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.constantFrom(...ACTIONS).chain((a) => fc.string().map((s) => `${a}:${s}`)),
      ),
      (text) => {
        try {
          const { action, target } = parseScope(text);
          if (action === "subscribe" || action === "publish") parsePattern(target);
          return true;
        } catch (error) {
          return (error as { code?: string }).code === "INVALID_MESSAGE";
        }
      },
    ),
  );
  t.pass();
});
