// What buffers keep, against the simplest thing that could do the same.
import type { LogLevel, TidewireEvent } from "@tidewire/client";
import fc from "fast-check";
import t from "tap";
import { Columns } from "../src/series/columns.js";
import { LineRing, MAX_CHARACTERS } from "../src/series/line-ring.js";
import { LogBuffer, MAX_LINES } from "../src/series/log-buffer.js";
import { MAX_POINTS, MetricStore } from "../src/series/metric-store.js";
import { MAX_ALL_POINTS, MAX_NAMES, MetricTable } from "../src/series/metric-table.js";
import { recordRun } from "../src/series/recording.js";
import { Frames } from "../src/store/frames.js";

const place = { step: 0, epoch: Number.NaN, time: 0 };

t.test("columns hold what a list would, in one piece", async () => {
  const step = fc.oneof(
    fc.record({ is: fc.constant("append" as const), value: fc.double() }),
    fc.record({ is: fc.constant("prepend" as const), value: fc.double() }),
    fc.record({ is: fc.constant("clear" as const), value: fc.constant(0) }),
  );
  const property = fc.property(fc.integer({ min: 1, max: 200 }), fc.array(step, { maxLength: 600 }), (limit, steps) => {
    const columns = new Columns(["a", "b"], limit);
    let list: number[] = [];
    for (const { is, value } of steps) {
      if (is === "append") {
        columns.append({ a: value, b: -value });
        list = [...list, value].slice(-limit);
      } else if (is === "prepend") {
        const fits = columns.prepend({ a: value, b: -value });
        if (fits !== list.length < limit) return false;
        if (fits) list.unshift(value);
      } else {
        columns.clear();
        list = [];
      }
    }
    const [a, b] = [columns.column("a"), columns.column("b")];
    return a.length === list.length && list.every((value, i) => Object.is(a[i], value) && Object.is(b[i], -value));
  });
  fc.assert(property, { numRuns: 300 });
});

t.test("a series keeps its newest points; all series together have a bound too", async (t) => {
  const table = new MetricTable();
  for (let step = 0; step < MAX_POINTS + 10; step++) table.append({ loss: step, none: undefined }, { ...place, step });
  const loss = table.get("loss");
  t.match(loss, { length: MAX_POINTS, dropped: 10, last: MAX_POINTS + 9 });
  t.equal(loss?.step[0], 10);
  t.same(table.names, ["loss"]);
  t.ok(table.isFull);
  table.prepend({ loss: 1 }, place);
  t.equal(loss?.step[0], 10);

  const many = new MetricTable();
  const names = Array.from({ length: 40 }, (_, i) => `m${i}`);
  const values = Object.fromEntries(names.map((name) => [name, 1]));
  for (let step = 0; step < MAX_ALL_POINTS / 40 + 100; step++) many.append(values, { ...place, step });
  t.ok(many.points <= MAX_ALL_POINTS, `${many.points} points`);
  const lengths = names.map((name) => many.get(name)?.length ?? 0);
  t.equal(
    lengths.reduce((sum, length) => sum + length),
    many.points,
  );
  t.equal(many.get("m0")?.step.at(-1), MAX_ALL_POINTS / 40 + 99);
});

t.test("names have a bound, and what is left out is counted", async (t) => {
  const table = new MetricTable();
  for (let i = 0; i < MAX_NAMES + 5; i++) table.append({ [`m${i}`]: i }, place);
  t.equal(table.names.length, MAX_NAMES);
  t.equal(table.dropped, 5);
  table.clear();
  t.same([table.names, table.points, table.dropped], [[], 0, 0]);
});

t.test("lines: the newest, found by their number, counted by level", async (t) => {
  const buffer = new LogBuffer(new Frames(), () => () => {});
  t.same([buffer.length, buffer.at(0), buffer.counts.INFO, buffer.indexOf(1)], [0, undefined, 0, 0]);
  const ring = new LineRing();
  buffer.fill(ring);
  const line = (seq: number, level: LogLevel = "INFO", message = "") => ({
    seq,
    time: 0,
    level,
    message,
    source: undefined,
  });
  for (let seq = 200; seq < 400; seq += 2) ring.append(line(seq));
  for (let seq = 199; seq > 150; seq--) ring.prepend(line(seq, "ERROR"));
  const seqs = [...buffer].map(({ seq }) => seq);
  t.same(
    seqs,
    [...seqs].sort((a, b) => a - b),
  );
  t.same([buffer.length, buffer.counts.INFO, buffer.counts.ERROR], [149, 100, 49]);
  t.equal(buffer.at(buffer.indexOf(200))?.seq, 200);
  t.equal(buffer.at(buffer.indexOf(201))?.seq, 202);
  t.equal(buffer.indexOf(1000), buffer.length);

  for (let seq = 400; seq < 400 + MAX_LINES; seq++) ring.append(line(seq));
  t.same([buffer.length, buffer.dropped, buffer.at(0)?.seq, buffer.counts.ERROR], [MAX_LINES, 149, 400, 0]);
  t.ok(ring.isFull);
  ring.prepend(line(1));
  t.equal(buffer.at(0)?.seq, 400);
  ring.append(line(100_000, "INFO", "x".repeat(MAX_CHARACTERS + 1)));
  t.equal(buffer.length, 1, "long lines push out more");
});

t.test("a run's lines are full, and its metrics are not: those are asked for alone", async (t) => {
  const frames = new Frames();
  const [metrics, logs] = [new MetricStore(frames, () => () => {}), new LogBuffer(frames, () => () => {})];
  const recorder = recordRun(metrics, logs, () => {});
  const event = (type: "log" | "metrics", offset: number) =>
    ({
      type,
      timestamp: new Date(0),
      position: { generation: 1, offset },
      ...(type === "log" ? { level: "INFO", message: "" } : { metrics: { loss: 1 } }),
    }) as TidewireEvent;
  t.same(recorder.room(), ["log", "metrics"]);
  for (let i = 0; i < MAX_LINES; i++) recorder.append(event("log", i));
  t.same(recorder.room(), ["metrics"]);
  for (let i = 0; i < MAX_POINTS; i++) recorder.append(event("metrics", i));
  t.equal(recorder.room(), undefined);
  recorder.clear();
  t.same([logs.length, metrics.points, recorder.room()], [0, 0, ["log", "metrics"]]);
});
