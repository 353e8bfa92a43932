// The directory of topics: a listing is what a filter, a sort and a slice give, whatever was born and removed between.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { LogLevel, RunStatus } from "../../../generated/ts/tidewire/v1/events.js";
import { TopicState } from "../../../generated/ts/tidewire/v1/topics.js";
import { Topic, TopicDirectory } from "../../../src/events/directory.js";
import { LogLine } from "../../../src/events/log-line.js";
import { isPattern, matches, parsePattern } from "../../../src/events/topic.js";
import { encodeEvent } from "../../../src/wire/event-bytes.js";

const TOPICS = 100_000;

const token = fc.constantFrom("a", "b", "B", "a-", "a_", "a0", "ab", "-", "__proto__");
const name = fc.array(token, { minLength: 1, maxLength: 3 }).map((tokens) => tokens.join("."));
const pattern = fc.oneof(
  name,
  fc
    .array(fc.oneof({ weight: 2, arbitrary: token }, fc.constant("*")), { maxLength: 2 })
    .chain((head) => fc.constantFrom("a", "*", ">").map((last) => [...head, last].join("."))),
);
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant("add" as const), name }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("remove" as const), name }) },
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant("list" as const),
      pattern,
      after: fc.oneof(fc.constant(""), name, fc.string({ unit: "binary", maxLength: 4 })),
      limit: fc.oneof(fc.nat(6), fc.constant(Number.POSITIVE_INFINITY)),
    }),
  },
);

const newTopic = (topic: string, generation = 1): Topic => new Topic(topic, { generation, offset: 0 });

function naive(topics: ReadonlyMap<string, Topic>, asked: string, after: string, limit: number): Topic[] {
  const tokens = parsePattern(asked);
  return [...topics.values()]
    .filter(({ topic }) => topic > after && matches(tokens, topic.split(".")))
    .sort((one, other) => (one.topic < other.topic ? -1 : 1))
    .slice(0, limit);
}

test("a listing is a filter, a sort and a slice", async () => {
  let patterns = 0;
  const property = fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
    const directory = new TopicDirectory();
    const topics = new Map<string, Topic>();
    commands.forEach((each, i) => {
      if (each.is === "add") {
        const topic = newTopic(each.name, i);
        directory.add(topic);
        topics.set(each.name, topic);
      } else if (each.is === "remove") {
        directory.remove(each.name);
        topics.delete(each.name);
      } else {
        if (isPattern(parsePattern(each.pattern))) patterns += 1;
        const found = directory.list(each.pattern, each.after, each.limit);
        const expected = naive(topics, each.pattern, each.after, each.limit);
        assert.deepEqual(
          found.map(({ topic, generation }) => [topic, generation]),
          expected.map(({ topic, generation }) => [topic, generation]),
          `${each.pattern} after ${JSON.stringify(each.after)}, ${each.limit}`,
        );
        assert.ok(
          found.every((topic, at) => topic === expected[at]),
          "the topics themselves",
        );
      }
      assert.equal(directory.size, topics.size);
      for (const [known, topic] of topics) assert.equal(directory.get(known), topic);
      assert.deepEqual([...directory.values()].sort(byName), [...topics.values()].sort(byName));
    });
  });
  fc.assert(property, { numRuns: 2_000 });
  assert.ok(patterns > 1_000);
});

function byName(one: Topic, other: Topic): number {
  return one.topic < other.topic ? -1 : 1;
}

test("pages put together are the whole", async (t) => {
  const directory = new TopicDirectory();
  for (let i = 0; i < 250; i += 1) directory.add(newTopic(`${i % 2 ? "task.p" : "training"}.${(i * 37) % 250}`));
  for (const asked of [">", "training.*", "task.p.>", "*.*", "*.p.*"]) {
    const whole = directory.list(asked, "", Number.POSITIVE_INFINITY);
    t.ok(whole.length >= 125);
    const paged: Topic[] = [];
    for (let page = directory.list(asked, "", 7); page.length > 0; ) {
      paged.push(...page);
      page = directory.list(asked, page.at(-1)?.topic ?? "", 7);
    }
    t.ok(paged.length === whole.length && paged.every((topic, i) => topic === whole[i]), asked);
  }
  t.throws(() => directory.list("a..b", "", 1), { code: "INVALID_TOPIC" });
  t.throws(() => directory.list("", "", 1), { code: "INVALID_TOPIC" });
});

test("a birth and a removal sort nothing again", async (t) => {
  const directory = new TopicDirectory();
  for (let i = 0; i < TOPICS; i += 1) directory.add(newTopic(`training.r${i}`));
  const { sort } = Array.prototype;
  let sorts = 0;
  try {
    Array.prototype.sort = function counted(this: unknown[], ...args) {
      sorts += 1;
      return sort.apply(this, args) as never;
    };
    directory.list("training.*", "", 1);
    for (let i = 0; i < 100; i += 1) {
      directory.add(newTopic(`training.s${i}`));
      directory.remove(`training.r${i}`);
      directory.list("training.*", "", 1);
    }
  } finally {
    Array.prototype.sort = sort;
  }
  t.equal(sorts, 1);
  t.equal(directory.list("training.*", "", Number.POSITIVE_INFINITY).length, TOPICS);
});

test("a checkpoint is the topic's state at its position", async (t) => {
  const topic = new Topic("training.a", { generation: 7, offset: 3 });
  topic.add(4, { $case: "log", value: { level: 2, message: "hello" } }, { seconds: 12, nanos: 5 });
  const { state, ...place } = topic.checkpoint();
  t.same(place, { topic: "training.a", generation: 7, offset: 4 });
  t.same(TopicState.decode(state), topic.state);
  const restored = new Topic("training.a", place, TopicState.decode(state));
  t.same(restored.checkpoint(), topic.checkpoint());
  t.equal(restored.isTransient, false);
});

test("lines that are added unread leave the state that they leave when each is read", async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant("line" as const) },
    fc.constantFrom("status" as const, "look" as const, "checkpoint" as const),
  );
  const property = fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const [lazy, eager] = [newTopic("training.a"), newTopic("training.a")];
    steps.forEach((each, i) => {
      const timestamp = { seconds: i + 1, nanos: 0 };
      const log = { level: LogLevel.LOG_LEVEL_INFO, message: `line ${i}`, source: undefined };
      const status = { status: RunStatus.RUN_STATUS_RUNNING, message: `${i}`, config: undefined };
      if (each === "line") {
        const kind = { $case: "log" as const, value: log };
        lazy.addLine(i, new LogLine("training.a", encodeEvent({ topic: "training.a", timestamp, kind })));
        eager.add(i, kind, timestamp);
      } else if (each === "status") {
        for (const topic of [lazy, eager]) topic.add(i, { $case: "statusChanged", value: { ...status } }, timestamp);
      } else if (each === "look") assert.deepStrictEqual(lazy.state, eager.state);
      else assert.deepStrictEqual(lazy.checkpoint(), eager.checkpoint());
      assert.equal(lazy.status, eager.state.status);
      assert.equal(lazy.offset, eager.offset);
    });
    assert.deepStrictEqual(lazy.state, eager.state);
  });
  fc.assert(property, { numRuns: 500 });
});
