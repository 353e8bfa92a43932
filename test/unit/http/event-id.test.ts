import fc from "fast-check";
import { type Test, test } from "tap";
import type { Position, Subscribe } from "../../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../../../src/errors.js";
import { EventIds, MAX_ID_LENGTH, MAX_TOPICS, parseEventId, resumeAt } from "../../../src/http/event-id.js";

const at = (generation: number, offset: number): Position => ({ generation, offset });

const token = fc.string({
  unit: fc.constantFrom(..."abzAZ09_-"),
  minLength: 1,
  maxLength: 128,
});
const topics = fc.array(token, { minLength: 2, maxLength: 4 }).map((tokens) => tokens.join("."));
const positions = fc.record({
  generation: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  offset: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
});

function request(topic: string, more: Partial<Subscribe> = {}): Subscribe {
  return {
    topic,
    after: undefined,
    snapshot: false,
    minLevel: 0,
    types: [],
    positions: {},
    topicPositions: [],
    ...more,
  };
}

function refuses(t: Test, id: string, of: readonly string[], message: RegExp): void {
  t.throws(
    () => parseEventId(id, of),
    { code: "INVALID_MESSAGE", message, details: { field: "Last-Event-ID" } },
    `${of} ${id.slice(0, 40)}`,
  );
}

test("the id of one topic is its newest position", async (t) => {
  const ids = new EventIds([request("training.a")]);
  t.equal(ids.current, undefined);
  ids.advance("training.a", at(3, 7));
  ids.advance("training.a", at(3, 8));
  t.equal(ids.current, "3-8");
  t.same([...parseEventId("3-8", ["training.a"])], [["training.a", at(3, 8)]]);
});

test("the id of a pattern or of several topics names them, the newest first", async (t) => {
  for (const of of [["training.*"], ["training.a", "training.b"], ["training.>", "task.p.t"]]) {
    const ids = new EventIds(of.map((topic) => request(topic)));
    t.equal(ids.current, "-", "even before there is anything to name");
    t.same([...parseEventId("-", of)], []);
    ids.advance("training.a", at(1, 1));
    ids.advance("training.b", at(1, 5));
    ids.advance("training.a", at(1, 2));
    t.equal(ids.current, "training.a:1-2,training.b:1-5");
  }
});

test("an id names at most 64 topics and stays short, the newest first", async (t) => {
  const ids = new EventIds([request(">")]);
  for (let i = 0; i < 100; i += 1) ids.advance(`task.p.t${i}`, at(1, i));
  const named = [...parseEventId(ids.current ?? "", [">"]).keys()];
  t.same(
    named,
    Array.from({ length: MAX_TOPICS }, (_, i) => `task.p.t${99 - i}`),
  );
  const long = "x".repeat(128);
  for (let i = 0; i < MAX_TOPICS; i += 1) ids.advance(`task.${long}.${i}${long.slice(3)}`, at(1, i));
  t.ok((ids.current ?? "").length <= MAX_ID_LENGTH);
  t.ok(parseEventId(ids.current ?? "", [">"]).has(`task.${long}.63${long.slice(3)}`));
});

test("whatever was noted comes back, as far as an id reaches", async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(topics, positions), { maxLength: 100 }), (moves) => {
      const ids = new EventIds([request(">")]);
      const expected = new Map<string, Position>();
      for (const [topic, position] of moves) {
        ids.advance(topic, position);
        expected.delete(topic);
        expected.set(topic, position);
      }
      const read = [...parseEventId(ids.current ?? "", [">"])];
      const newest = [...expected].reverse().slice(0, read.length);
      if (JSON.stringify(read) !== JSON.stringify(newest)) return false;
      return read.length === Math.min(expected.size, MAX_TOPICS) || (ids.current ?? "").length > MAX_ID_LENGTH - 550;
    }),
  );
  fc.assert(
    fc.property(topics, positions, (topic, position) => {
      const ids = new EventIds([request(topic)]);
      ids.advance(topic, position);
      const read = parseEventId(ids.current ?? "", [topic]).get(topic);
      return read?.generation === position.generation && read.offset === position.offset;
    }),
  );
});

test("an id that is none of the stream is refused", async (t) => {
  const one = ["training.a"];
  for (const id of ["-", "1", "1-", "-1", "1-2-3", "1.5-2", "a-b", "0x1-2", " 1-2", "1-99999999999999999", "٣-٤"]) {
    refuses(t, id, one, /Last-Event-ID: expected generation-offset/);
  }
  refuses(t, "training.a:1-2", one, /generation-offset/);
  const many = ["training.*"];
  refuses(t, "1-2", many, /expected topics/);
  refuses(t, "training.a", many, /expected topics/);
  refuses(t, "training..a:1-2", many, /expected topics/);
  refuses(t, "training.*:1-2", many, /expected topics/);
  refuses(t, "training.a:1-2,", many, /expected topics/);
  refuses(t, "training.a:1", many, /generation-offset/);
  refuses(t, "training.a:1-9007199254740993", many, /generation-offset/);
  refuses(
    t,
    Array(MAX_TOPICS + 1)
      .fill("a.b:1-1")
      .join(","),
    many,
    /at most 64 topics/,
  );
  refuses(t, "x".repeat(MAX_ID_LENGTH + 1), many, /at most 8192 characters, came 8193/);
});

test("any text is read or refused", async () => {
  for (const of of [["training.a"], ["training.*"]]) {
    const read = (id: string): boolean => {
      try {
        return parseEventId(id, of).size <= MAX_TOPICS;
      } catch (error) {
        return error instanceof TidewireError && error.code === "INVALID_MESSAGE";
      }
    };
    const nearly = fc.string({ unit: fc.constantFrom(..."a.:-,019"), maxLength: 40 });
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), nearly), read));
  }
});

test("a stream goes on where its id says; what the id does not name comes as a snapshot", async (t) => {
  const one = [request("training.a", { snapshot: true, types: ["log"] })];
  t.same(resumeAt(one, parseEventId("1-2", ["training.a"])), [
    request("training.a", { types: ["log"], after: at(1, 2), snapshot: false }),
  ]);
  const of = ["training.*", "task.p.t", "task.p.u", "container.>"];
  const resumed = resumeAt(
    of.map((topic) => request(topic)),
    parseEventId("training.a:1-2,task.p.t:1-3,system.n:1-9", of),
  );
  t.same(resumed, [
    request("training.*", { positions: { "training.a": at(1, 2) } }),
    request("task.p.t", { after: at(1, 3) }),
    request("task.p.u", { snapshot: true }),
    request("container.>", { snapshot: true }),
  ]);
});

test("a resumed stream's ids begin where it resumes", async (t) => {
  const single = ["training.a"];
  t.equal(new EventIds(resumeAt([request("training.a")], parseEventId("1-2", single))).current, "1-2");
  const of = ["training.*", "task.p.t"];
  const id = "training.b:1-7,training.a:1-2,task.p.t:1-3";
  const ids = new EventIds(
    resumeAt(
      of.map((topic) => request(topic)),
      parseEventId(id, of),
    ),
  );
  t.same(new Set(ids.current?.split(",")), new Set(id.split(",")), "nothing is forgotten");
  ids.advance("task.p.t", at(1, 4));
  t.equal(ids.current, "task.p.t:1-4,training.b:1-7,training.a:1-2");
});

test("a name that JavaScript knows is a topic like any other", async (t) => {
  const [resumed] = resumeAt([request(">")], parseEventId("__proto__:1-2", [">"]));
  t.ok(Object.hasOwn(resumed?.positions ?? {}, "__proto__"));
  t.equal(Reflect.get(resumed?.positions ?? {}, "generation"), undefined);
});
