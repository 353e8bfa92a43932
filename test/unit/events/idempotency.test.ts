// Idempotency keys against a plain list: the newest are remembered, those that failed or whose topic has gone are not.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import type { Position } from "../../../generated/ts/tidewire/v1/topics.js";
import { IdempotencyKeys } from "../../../src/events/idempotency.js";

const LIMIT = 131_072;
/** The microtasks that a settled promise takes to be noticed, and more. */
const NOTICED = 5;

interface Pending {
  readonly promise: Promise<Position>;
  resolve(position: Position): void;
  reject(error: unknown): void;
}

function pending(): Pending {
  const parts: Pick<Pending, "resolve" | "reject">[] = [];
  const promise = new Promise<Position>((resolve, reject) => parts.push({ resolve, reject }));
  return { promise, ...(parts[0] as Pick<Pending, "resolve" | "reject">) };
}

async function noticed(): Promise<void> {
  for (let i = 0; i < NOTICED; i += 1) await undefined;
}

const topic = fc.constantFrom("task.a", "task.b", "task.a.b", "__proto__");
const key = fc.constantFrom("1", "2", "3", "\0", "a\u00001", "", "constructor");
const command = fc.oneof(
  { weight: 5, arbitrary: fc.record({ is: fc.constant("add" as const), topic, key }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constantFrom("accept" as const, "refuse" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("removeTopic" as const), topic }) },
);

/** What should be known of one key. */
interface Known {
  readonly topic: string;
  readonly key: string;
  value: Position | Promise<Position>;
}

test("keys are what a list of the newest ones says", async () => {
  const scene = fc.record({
    limit: fc.constantFrom(0, 1, 2, 5, 100),
    loaded: fc.array(fc.record({ topic, key, generation: fc.nat(9), offset: fc.nat(9) }), { maxLength: 8 }),
    commands: fc.array(command, { maxLength: 40 }),
  });
  const property = fc.asyncProperty(scene, async ({ limit, loaded, commands }) => {
    const keys = new IdempotencyKeys(limit, loaded);
    let known: Known[] = [];
    const remember = (one: Known): void => {
      known = [...known.filter((each) => each.topic !== one.topic || each.key !== one.key), one];
      known.splice(0, Math.max(0, known.length - limit));
    };
    for (const { topic, key, ...value } of loaded.toReversed()) remember({ topic, key, value });
    const publishes: Pending[] = [];
    const asked = new Map<string, readonly [string, string]>();
    for (const each of [...loaded, ...commands.filter((one) => one.is === "add")])
      asked.set(`${each.topic} ${each.key}`, [each.topic, each.key]);
    const check = (): void => {
      for (const [topic, key] of asked.values()) {
        const expected = known.find((each) => each.topic === topic && each.key === key)?.value;
        const found = keys.get(topic, key);
        if (expected instanceof Promise) assert.equal(found, expected);
        else assert.deepEqual(found, expected);
      }
    };
    check();
    let offset = 100;
    for (const each of commands) {
      if (each.is === "add") {
        const publish = pending();
        publishes.push(publish);
        keys.add(each.topic, each.key, publish.promise);
        remember({ topic: each.topic, key: each.key, value: publish.promise });
      } else if (each.is === "removeTopic") {
        keys.removeTopic(each.topic);
        known = known.filter((one) => one.topic !== each.topic);
      } else {
        const [publish] = publishes.splice(each.which % (publishes.length || 1), 1);
        if (!publish) continue;
        const position = { generation: 1, offset: offset++ };
        if (each.is === "accept") publish.resolve(position);
        else publish.reject(new Error("disk full"));
        await noticed();
        if (each.is === "accept") {
          for (const one of known) if (one.value === publish.promise) one.value = position;
        } else known = known.filter(({ value }) => value !== publish.promise);
      }
      check();
    }
  });
  await fc.assert(property, { numRuns: 2_000 });
});

test("who asks while the first publish is under way gets its position, or its failure", async (t) => {
  const keys = new IdempotencyKeys(10, []);
  const [good, bad] = [pending(), pending()];
  keys.add("task.a", "good", good.promise);
  keys.add("task.a", "bad", bad.promise);
  const asked = [keys.get("task.a", "good"), keys.get("task.a", "bad")];
  good.resolve({ generation: 3, offset: 4 });
  bad.reject(new Error("disk full"));
  t.same(await asked[0], { generation: 3, offset: 4 });
  await t.rejects(asked[1] as Promise<Position>, /disk full/);
  t.same(keys.get("task.a", "good"), { generation: 3, offset: 4 }, "no promise any more");
  t.equal(keys.get("task.a", "bad"), undefined, "it may be tried again");
  t.equal(keys.get("task", "a.good"), undefined);
});

test("a failure that nobody asked for is nobody's fault", async (t) => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", listen);
  const keys = new IdempotencyKeys(1, []);
  keys.add("task.a", "1", Promise.reject(new Error("disk full")));
  keys.add("task.a", "2", Promise.reject(new Error("disk full")));
  keys.removeTopic("task.a");
  // Node tells of rejections after the microtasks of a turn.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", listen);
  t.same(unhandled, []);
});

test("a removal that came first stays, whatever the publish comes to", async (t) => {
  const keys = new IdempotencyKeys(10, []);
  const [old, young] = [pending(), pending()];
  keys.add("training.a", "k", old.promise);
  keys.removeTopic("training.a");
  t.equal(keys.get("training.a", "k"), undefined);
  keys.add("training.a", "k", young.promise);
  old.resolve({ generation: 1, offset: 1 });
  await noticed();
  t.equal(keys.get("training.a", "k"), young.promise, "the successor's key");
  young.resolve({ generation: 2, offset: 1 });
  await noticed();
  t.same(keys.get("training.a", "k"), { generation: 2, offset: 1 });
});

/** How often a call asks a map or a set for its elements one by one. */
function walksOf(call: () => void): number {
  const owners = [new Map().entries(), new Set().values()].map((one) => Object.getPrototypeOf(one));
  const nexts = owners.map(({ next }) => next);
  let walks = 0;
  try {
    for (const [i, owner] of owners.entries())
      owner.next = function counted(this: unknown) {
        walks += 1;
        return nexts[i].call(this);
      };
    call();
  } finally {
    for (const [i, owner] of owners.entries()) owner.next = nexts[i];
  }
  return walks;
}

test("a new key and a topic that goes cost the same however many others there are", async (t) => {
  const position = { generation: 1, offset: 1 };
  const loaded = Array.from({ length: LIMIT + 10 }, (_, i) => ({
    topic: `task.p.t${i >> 1}`,
    key: `k${i}`,
    ...position,
  }));
  const keys = new IdempotencyKeys(LIMIT, loaded);
  t.equal(keys.get("task.p.t0", "k0")?.constructor, Object, "the newest");
  t.equal(keys.get(`task.p.t${LIMIT >> 1}`, `k${LIMIT}`), undefined, "beyond the limit");
  const added = walksOf(() => keys.add("task.p.new", "k", Promise.resolve(position)));
  t.equal(added, 0, "the oldest is known without a look at others");
  t.equal(keys.get(`task.p.t${(LIMIT - 1) >> 1}`, `k${LIMIT - 1}`), undefined, "the oldest had to go");
  const removed = walksOf(() => keys.removeTopic("task.p.t7"));
  t.equal(removed, 3, "its two keys, and the end of them");
});
