// The pipeline of a stream, over work that the test finishes by hand.
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import t from "tap";
import { pipeline, type Readings } from "../src/inference/stream.js";

t.test("yields in order, whatever the order in which the work ends", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), async (turns, limit) => {
      let working = 0;
      let most = 0;
      const start = async (index: number) => {
        most = Math.max(most, ++working);
        for (let i = 0; i < (turns[index] ?? 0); i++) await turn();
        working--;
        return index * 2;
      };
      const found = await collect(pipeline(turns.keys(), { start, limit: () => limit }));
      return most <= limit && found.every((value, i) => value === i * 2) && found.length === turns.length;
    }),
    { numRuns: 60 },
  );
  t.pass();
});

t.test("a reader that stops reading stops the source", async (t) => {
  const { source, taken } = counting();
  const results = pipeline(source, { start: async (n) => n, limit: () => 4 });
  await results.next();
  await turns(20);
  t.equal(taken(), 5, "one yielded, four ahead");
  await results.next();
  await turns(20);
  t.equal(taken(), 6);
  await results.return();
});

t.test("a prediction is yielded as soon as it is there, though the source is slow", async (t) => {
  const gate = gated<number>();
  const results = pipeline(gate.readings, { start: async (n) => n + 1, limit: () => 100 });
  gate.give(1);
  t.same(await results.next(), { value: 2, done: false });
  const second = results.next();
  gate.give(2);
  t.same(await second, { value: 3, done: false });
  const last = results.next();
  gate.end();
  t.same(await last, { value: undefined, done: true });
});

t.test("ends the source when the reader leaves, also one that is asked at that moment", async (t) => {
  const { source, ended } = counting();
  for await (const n of pipeline(source, { start: async (n) => n, limit: () => 2 })) if (n === 3) break;
  t.ok(ended());

  const gate = gated<number>();
  const results = pipeline(gate.readings, { start: async (n) => n, limit: () => 2 });
  gate.give(1);
  await results.next();
  await turns(3);
  await results.return();
  t.ok(gate.returned());
});

t.test("the first failure ends it, after what came before; the source is told", async (t) => {
  const { source, ended } = counting();
  const found: number[] = [];
  const start = async (n: number) => {
    if (n === 3) throw new Error("three");
    return n;
  };
  const all = (async () => {
    for await (const n of pipeline(source, { start, limit: () => 10 })) found.push(n);
  })();
  await t.rejects(all, { message: "three" });
  t.same(found, [0, 1, 2]);
  t.ok(ended());
});

t.test("a source that throws ends it after what it gave", async (t) => {
  const failing = (async function* () {
    yield 1;
    throw new Error("source");
  })();
  const found: number[] = [];
  const all = (async () => {
    for await (const n of pipeline(failing, { start: async (n: number) => n, limit: () => 10 })) found.push(n);
  })();
  await t.rejects(all, { message: "source" });
  t.same(found, [1]);
});

t.test("a signal ends it while it waits for the source, or before it began", async (t) => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const gate = gated<number>();
  const options = { start: async (n: number) => n, limit: () => 2, signal: controller.signal };
  const waiting = pipeline(gate.readings, options).next();
  await turns(3);
  controller.abort(reason);
  await t.rejects(waiting, reason);
  await t.rejects(pipeline([1], options).next(), reason);
});

t.test("a source whose promises are not the platform's own", async (t) => {
  let given = 0;
  const next = () => {
    const step = given < 3 ? { done: false, value: given++ } : { done: true, value: undefined };
    // biome-ignore lint/suspicious/noThenProperty: what is tested
    return { then: (resolve: (step: unknown) => void) => resolve(step) };
  };
  const readings = { [Symbol.asyncIterator]: () => ({ next }) } as unknown as Readings<number>;
  t.same(await collect(pipeline(readings, { start: async (n) => n, limit: () => 2 })), [0, 1, 2]);
});

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const result of results) found.push(result);
  return found;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

/** 0, 1, 2, … without end. */
function counting() {
  let taken = 0;
  let ended = false;
  function* numbers() {
    try {
      for (;;) yield taken++;
    } finally {
      ended = true;
    }
  }
  return { source: numbers(), taken: () => taken, ended: () => ended };
}

/** Gives what the test gives, when it gives it. */
function gated<T>() {
  const given: IteratorResult<T>[] = [];
  let wake: (() => void) | undefined;
  let returned = false;
  const put = (step: IteratorResult<T>) => {
    given.push(step);
    wake?.();
  };
  const iterator: AsyncIterator<T> = {
    async next() {
      while (given.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return given.shift() as IteratorResult<T>;
    },
    async return() {
      returned = true;
      return { done: true, value: undefined };
    },
  };
  const readings: Readings<T> = { [Symbol.asyncIterator]: () => iterator };
  return {
    readings,
    give: (value: T) => put({ done: false, value }),
    end: () => put({ done: true, value: undefined }),
    returned: () => returned,
  };
}
