// What `tidewire publish` makes of words and lines.

import { PassThrough } from "node:stream";
import type { Position } from "@tidewire/client";
import { TidewireClientError } from "@tidewire/client";
import { test } from "tap";
import type { CommandContext } from "../../../src/cli/context.js";
import { toPublication } from "../../../src/cli/publish-event.js";
import { type Field, toField, withFields } from "../../../src/cli/publish-fields.js";
import { linesOf, MAX_LINE } from "../../../src/cli/publish-lines.js";
import { MAX_IN_FLIGHT, type Publisher, publishLines } from "../../../src/cli/publish-stream.js";
import { planOf } from "../../../src/wire/plan.js";

function fieldsOf(type: string, words: readonly string[], data = {}) {
  const fields = words.map((word) => toField(word) as Field);
  return withFields(data, fields, planOf("Publish").cases.get(type)?.field.plan);
}

test("fields have the kinds that the event's schema gives them", async (t) => {
  t.same(fieldsOf("log", ["level=INFO", "message=42", "source=true"]), {
    level: "INFO",
    message: "42",
    source: "true",
  });
  t.same(fieldsOf("metrics", ["metrics.val/loss.x=-1.5e3", "metrics.a=NaN", "epoch=3"]), {
    metrics: { "val/loss.x": -1500, a: "NaN" },
    epoch: 3,
  });
  t.same(fieldsOf("task_queued", ["details.gpu=true", "details.name=7b", "details.n=7"]), {
    details: { gpu: true, name: "7b", n: 7 },
  });
  t.same(
    fieldsOf("progress", ["progress=1", "progress=40", "message=a=b", "details.current=5"], {
      stage: "x",
      details: { total: 9 },
    }),
    {
      progress: 40,
      message: "a=b",
      stage: "x",
      details: { total: 9, current: 5 },
    },
  );
  t.same(fieldsOf("nothing", ["x=1", "y=", "z=1 "]), { x: 1, y: "", z: "1 " });
  t.same([toField("x"), toField("=1"), toField("")], [undefined, undefined, undefined]);
});

test("a name like a prototype's stays a name", async (t) => {
  const data = fieldsOf("metrics", ["__proto__.x=1", "metrics.__proto__=2"]);
  t.equal(Object.getPrototypeOf(data), Object.prototype);
  t.equal(({} as { x?: number }).x, undefined);
  t.same(Object.keys(data), ["__proto__", "metrics"]);
});

test("JSON becomes what the client publishes", async (t) => {
  const timestamp = "2025-12-15T10:30:00.123Z";
  t.same(
    toPublication({
      topic: "training.r",
      type: "status_changed",
      data: { status: "running", total_epochs: 3, config: { lr: 0.1 } },
      timestamp,
      idempotency_key: "k",
    }),
    {
      topic: "training.r",
      event: { type: "status_changed", status: "running", totalEpochs: 3, config: { lr: 0.1 } },
      timestamp: new Date(timestamp),
      idempotencyKey: "k",
    },
  );
  t.match(toPublication({ topic: "training.r", type: "metrics", data: { metrics: { a_b: 1, nan: "NaN" } } }), {
    event: { type: "metrics", metrics: { a_b: 1, nan: Number.NaN } },
  });
  t.match(
    toPublication({
      topic: "system.h",
      type: "system_stats",
      data: { cpu: { cpu_util: 5 }, gpus: [{ index: 1, gpu_util: 7 }] },
    }),
    {
      event: { cpu: { cpuUtil: 5 }, gpus: [{ index: 1, gpuUtil: 7 }] },
    },
  );
  for (const [json, message] of [
    [{ topic: "training.r" }, /type/],
    [
      { topic: "training.r", type: "log", data: { level: "LOUD", message: "" } },
      /data\.level: expected one of "DEBUG"/,
    ],
    [
      { topic: "training.r", type: "log", data: { level: "INFO", message: 5 } },
      /data\.message: expected a string, came 5/,
    ],
    [{ topic: 5, type: "log", data: { level: "INFO", message: "" } }, /topic: expected a string/],
    [{ topic: "training.r", type: "cancel_requested", timestamp: "noon" }, /timestamp: expected a timestamp/],
  ] as const) {
    t.throws(() => toPublication(json), { code: "INVALID_MESSAGE", message });
  }
});

async function* chunksOf(...chunks: string[]): AsyncGenerator<string> {
  yield* chunks;
}

async function readAll(...chunks: string[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const { number, text } of linesOf(chunksOf(...chunks))) lines.push(`${number}:${text.trim()}`);
  return lines;
}

test("lines are those of the text, however it is cut, blank ones counted and skipped", async (t) => {
  const text = "a\n\nb\r\n  \nc";
  const expected = ["1:a", "3:b", "5:c"];
  t.same(await readAll(text), expected);
  t.same(await readAll(...text), expected);
  t.same(await readAll(), []);
  t.same(await readAll("a\n"), ["1:a"]);
  await t.rejects(readAll("a\n", "b".repeat(MAX_LINE), "b"), {
    message: `line 2 is longer than ${MAX_LINE} characters`,
  });
});

/** Somebody who publishes when the test says so. */
class FakePublisher {
  readonly waiting: { resolve: (position: Position) => void; reject: (error: unknown) => void; topic: string }[] = [];
  readonly published: unknown[] = [];
  most = 0;
  #more: (() => void) | undefined;

  readonly publish: Publisher["publish"] = (topic, event, options) => {
    this.published.push({ topic, ...event, ...options });
    return new Promise<Position>((resolve, reject) => {
      this.waiting.push({ resolve, reject, topic });
      this.most = Math.max(this.most, this.waiting.length);
      this.#more?.();
    });
  };

  async until(count: number): Promise<void> {
    while (this.waiting.length < count)
      await new Promise<void>((resolve) => {
        this.#more = resolve;
      });
  }
}

function outputs() {
  const streams = { stdout: new PassThrough({ encoding: "utf8" }), stderr: new PassThrough({ encoding: "utf8" }) };
  const text = { stdout: "", stderr: "" };
  streams.stdout.on("data", (chunk: string) => {
    text.stdout += chunk;
  });
  streams.stderr.on("data", (chunk: string) => {
    text.stderr += chunk;
  });
  return { context: { ...streams, env: {} } as unknown as CommandContext, text };
}

test("no more is read than may be in flight", async (t) => {
  const publisher = new FakePublisher();
  const { context, text } = outputs();
  let read = 0;
  async function* input(): AsyncGenerator<string> {
    for (; read < 3000; read += 1) yield `{"type":"task_queued"}\n`;
  }
  const done = publishLines(publisher, { topic: "task.p.t", key: "k" }, context, input());
  await publisher.until(MAX_IN_FLIGHT);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(publisher.most, MAX_IN_FLIGHT);
  t.ok(read <= MAX_IN_FLIGHT + 1, `${read} lines read`);
  for (let answered = 0; answered < 3000; answered += 1) {
    await publisher.until(1);
    publisher.waiting.shift()?.resolve({ generation: 1, offset: answered + 1 });
  }
  await done;
  t.equal(publisher.most, MAX_IN_FLIGHT);
  t.match(publisher.published[2999], { topic: "task.p.t", type: "task_queued", idempotencyKey: "k-3000" });
  t.match(text.stderr, /^3,000 events published in /);
});

test("large lines are fewer in flight", async (t) => {
  const publisher = new FakePublisher();
  const { context } = outputs();
  const line = JSON.stringify({ type: "task_queued", data: { details: { x: "x".repeat(1024 * 1023) } } });
  async function* input(): AsyncGenerator<string> {
    for (let i = 0; i < 20; i += 1) yield `${line}\n`;
  }
  const done = publishLines(publisher, { topic: "task.p.t" }, context, input());
  for (let answered = 0; answered < 20; answered += 1) {
    await publisher.until(1);
    publisher.waiting.shift()?.resolve({ generation: 1, offset: 1 });
  }
  await done;
  t.ok(publisher.most <= 9, `${publisher.most} of 1 MiB in flight`);
});

test("lines that are refused are told with their numbers, the others are published; what is hopeless ends it", async (t) => {
  const publisher = new FakePublisher();
  const { context, text } = outputs();
  const lines = [
    '{"type":"task_queued"}',
    "{",
    "[]",
    '{"type":"task_queud"}',
    '{"topic":"task.p.u","type":"task_started"}',
  ];
  const done = publishLines(publisher, { topic: "task.p.t", json: true }, context, chunksOf(lines.join("\n")));
  await publisher.until(2);
  t.same(
    publisher.waiting.map(({ topic }) => topic),
    ["task.p.t", "task.p.u"],
  );
  publisher.waiting[0]?.resolve({ generation: 7, offset: 1 });
  publisher.waiting[1]?.reject(new TidewireClientError("INVALID_TRANSITION", "task.p.u is completed"));
  await t.rejects(done, { message: "4 of 5 lines were refused" });
  t.equal(text.stdout, '{"line":1,"topic":"task.p.t","generation":7,"offset":1}\n');
  t.match(
    text.stderr,
    /^line 2: INVALID_JSON: no JSON: .*\nline 3: INVALID_MESSAGE: expected an object.*\nline 4: .*task_queud/,
  );
  t.match(
    text.stderr,
    /line 5: INVALID_TRANSITION: task\.p\.u is completed; see where it stands: tidewire watch task\.p\.u\n/,
  );
  t.match(text.stderr, /1 events? published in .*, 4 refused\n$/);

  const hopeless = publishLines(
    publisher,
    { topic: "task.p.t" },
    context,
    chunksOf('{"type":"task_queued"}\n{"type":"task_queued"}'),
  );
  await publisher.until(4);
  publisher.waiting[2]?.reject(new TidewireClientError("CONNECTION_FAILED", "gone"));
  await t.rejects(hopeless, { code: "CONNECTION_FAILED" });
});

test("a thousand refused lines are not a thousand messages", async (t) => {
  const { context, text } = outputs();
  const done = publishLines(new FakePublisher(), {}, context, chunksOf("{\n".repeat(1000)));
  await t.rejects(done, { message: "1,000 of 1,000 lines were refused" });
  t.equal(text.stderr.trim().split("\n").length, 22);
});
