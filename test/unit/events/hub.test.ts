// Who is told of what: whatever is added and removed, a topic's listeners are those whose patterns match.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { Hub, type Listener } from "../../../src/events/hub.js";
import { matches } from "../../../src/events/topic.js";
import { heapBytes } from "../../support/heap.js";

const PATTERNS = 100_000;
/** What so many patterns leave behind may take; their nodes take thirty times that. */
const MAX_LEFT_BYTES = 4e6;

const silent = (): Listener => ({ deliver: () => undefined, removed: () => undefined });

/** One subscription of the model. */
interface Added {
  readonly tokens: readonly string[];
  readonly listener: Listener;
  readonly remove: () => void;
}

const token = fc.constantFrom("a", "b", "c", "__proto__");
const topic = fc.array(token, { minLength: 1, maxLength: 4 });
const tokens = fc.oneof(
  topic,
  fc
    .array(fc.oneof({ weight: 2, arbitrary: token }, fc.constant("*")), { maxLength: 3 })
    .chain((head) => fc.constantFrom("a", "*", ">").map((last) => [...head, last])),
);

const command = fc.oneof(
  { weight: 3, arbitrary: fc.record({ is: fc.constant("add" as const), tokens, who: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant("remove" as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant("each" as const), topic }) },
);

/** The listeners of a topic, each as often as it is told. */
function told(hub: Hub, name: readonly string[]): Listener[] {
  const listeners: Listener[] = [];
  hub.each(name.join("."), (listener) => listeners.push(listener));
  return listeners;
}

function checkTold(hub: Hub, added: readonly Added[], name: readonly string[], who: readonly Listener[]): void {
  const numbers = (listeners: readonly Listener[]) => listeners.map((listener) => who.indexOf(listener)).sort();
  const expected = added.filter((each) => matches(each.tokens, name)).map(({ listener }) => listener);
  assert.deepEqual(numbers(told(hub, name)), numbers(expected), name.join("."));
}

function checkCounts(hub: Hub, added: readonly Added[]): void {
  const counts = new Map<string, number>();
  for (const each of added) counts.set(each.tokens.join("."), (counts.get(each.tokens.join(".")) ?? 0) + 1);
  assert.deepEqual(new Map(hub.subscribers), counts);
}

test("whatever comes and goes, each listener is told as often as it subscribed to what matches", async () => {
  const property = fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
    const hub = new Hub();
    const who = [silent(), silent(), silent()];
    const added: Added[] = [];
    const gone: Added[] = [];
    for (const each of commands) {
      if (each.is === "add") {
        const listener = who[each.who] as Listener;
        added.push({ tokens: each.tokens, listener, remove: hub.add(each.tokens, listener) });
      } else if (each.is === "each") checkTold(hub, added, each.topic, who);
      else {
        const [one] = added.splice(each.which % (added.length || 1), 1);
        one?.remove();
        if (one) gone.push(one);
        gone.at(each.which % (gone.length || 1))?.remove(); // a second time, which does nothing
      }
      checkCounts(hub, added);
    }
    for (const { remove } of added.splice(0)) remove();
    assert.equal(hub.subscribers.size, 0);
    for (const each of commands) if (each.is === "each") assert.deepEqual(told(hub, each.topic), []);
  });
  fc.assert(property, { numRuns: 3_000 });
});

test("a listener that is told may remove any subscription: what is left is told, what is gone is not", async () => {
  const scene = fc.record({ all: fc.array(tokens, { minLength: 1, maxLength: 12 }), topic, picks: fc.array(fc.nat()) });
  const property = fc.property(scene, ({ all, topic: name, picks }) => {
    const hub = new Hub();
    const added = all.map((each): Added => {
      const listener = silent();
      return { tokens: each, listener, remove: hub.add(each, listener) };
    });
    const present = new Set(added);
    const heard: Listener[] = [];
    const whenTold = new Set<Listener>();
    let next = 0;
    hub.each(name.join("."), (listener) => {
      assert.ok(
        [...present].some((one) => one.listener === listener),
        "nobody is told who has been removed",
      );
      heard.push(listener);
      const victim = added[(picks[next++] ?? 0) % added.length] as Added;
      if (!present.delete(victim)) return;
      victim.remove();
      whenTold.add(victim.listener);
    });
    const mustHear = added.filter((one) => matches(one.tokens, name) && !whenTold.has(one.listener));
    for (const { listener } of mustHear) assert.equal(heard.filter((one) => one === listener).length, 1);
    assert.equal(new Set(heard).size, heard.length, "nobody is told twice");
    checkTold(
      hub,
      [...present],
      name,
      added.map(({ listener }) => listener),
    );
    checkCounts(hub, [...present]);
  });
  fc.assert(property, { numRuns: 3_000 });
});

test("the last one may go, and another come in its place", async (t) => {
  for (const pattern of [["a", "b"], ["a", "*"], ["a", ">"], [">"]]) {
    const hub = new Hub();
    const remove = hub.add(pattern, silent());
    hub.each("a.b", remove);
    t.equal(hub.subscribers.size, 0);
    const later = silent();
    const removeLater = hub.add(pattern, later);
    remove();
    t.ok(told(hub, ["a", "b"])[0] === later, `${pattern.join(".")}: the newcomer stays`);
    t.same([...hub.subscribers], [[pattern.join("."), 1]]);
    removeLater();
    t.equal(hub.subscribers.size, 0);
    t.same(told(hub, ["a", "b"]), []);
  }
});

/** Steps that a call takes: look-ups in maps, and elements that iterations of maps and sets come to. */
function stepsOf(call: () => void): number {
  const { get } = Map.prototype;
  const iterators = [new Map().entries(), new Set().values()].map((one) => Object.getPrototypeOf(one));
  const nexts = iterators.map(({ next }) => next);
  let steps = 0;
  const counting = (original: (...args: unknown[]) => unknown) =>
    function counted(this: unknown, ...args: unknown[]): unknown {
      steps += 1;
      return original.apply(this, args);
    };
  try {
    Map.prototype.get = counting(get) as typeof get;
    for (const [i, one] of iterators.entries()) one.next = counting(nexts[i]);
    call();
  } finally {
    Map.prototype.get = get;
    for (const [i, one] of iterators.entries()) one.next = nexts[i];
  }
  return steps;
}

test("what a publish costs does not depend on the subscriptions to other topics", async (t) => {
  const hub = new Hub();
  hub.add(["training", "mine"], silent());
  hub.add(["training", "*"], silent());
  hub.add(["training", ">"], silent());
  const tell = (): number => {
    let calls = 0;
    const steps = stepsOf(() => hub.each("training.mine", () => (calls += 1)));
    t.equal(calls, 3);
    return steps;
  };
  const alone = tell();
  t.ok(alone >= 3, "the steps are counted");
  for (let i = 0; i < PATTERNS; i += 1) {
    hub.add(["training", `r${i}`], silent());
    hub.add(["task", `p${i}`, "*"], silent());
    hub.add(["training", `r${i}`, ">"], silent());
  }
  t.equal(tell(), alone);
});

test(`${PATTERNS} patterns that came and went leave nothing`, async (t) => {
  const hub = new Hub();
  const round = (): void => {
    for (let i = 0; i < PATTERNS; i += 1) {
      const removes = [
        ["task", `p${i}`, "*"],
        ["task", `p${i}`, ">"],
        [`f${i}`, "*", "x", ">"],
        ["training", `r${i}`],
      ].map((each) => hub.add(each, silent()));
      for (const remove of removes) remove();
    }
  };
  round();
  const before = heapBytes();
  round();
  const left = heapBytes() - before;
  t.equal(hub.subscribers.size, 0);
  t.ok(left < MAX_LEFT_BYTES, `${left} bytes are left`);
  t.equal(
    stepsOf(() => hub.each("task.p1.t", () => t.fail("nobody listens"))),
    1,
    "no node is left to walk",
  );
});

test("mayHave is false only where nobody listens", async (t) => {
  const hub = new Hub();
  const listener = { deliver() {}, removed() {} };
  t.equal(hub.mayHave("task.p.a"), false);
  const exact = hub.add(["task", "p", "a"], listener);
  t.same([hub.mayHave("task.p.a"), hub.mayHave("task.p.b")], [true, false]);
  exact();
  for (const pattern of [[">"], ["task", "*", "a"], ["*", "p", "a"], ["task", ">"]]) {
    const remove = hub.add(pattern, listener);
    t.equal(hub.mayHave("task.p.a"), true, pattern.join("."));
    remove();
    t.equal(hub.mayHave("task.p.a"), false);
  }
});
