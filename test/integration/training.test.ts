// Training runs over HTTP, and what a dashboard sees of them, on a whole server.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import WebSocket from "ws";
import type { JsonObject } from "../../src/wire/json.js";
import { restOf } from "./support/rest.js";
import { serve } from "./support/serve.js";

const LOGS = "/training/logs";

/** Frames of a JSON connection, one after the other. */
async function watch(t: Test, url: string, path: string): Promise<() => Promise<JsonObject>> {
  const socket = new WebSocket(url.replace("http", "ws") + path, "tidewire.v1.json");
  t.teardown(() => socket.terminate());
  const frames: JsonObject[] = [];
  let tell = (): void => {};
  socket.on("message", (text) => {
    frames.push(JSON.parse(String(text)));
    tell();
  });
  await once(socket, "open");
  return async () => {
    while (frames.length === 0) {
      await new Promise<void>((resolve) => {
        tell = resolve;
      });
    }
    return frames.shift() as JsonObject;
  };
}

test("a run from its creation to its removal, as its publisher and a watcher see it", async (t) => {
  const { url } = await serve(t, { models: [] });
  const rest = restOf(url);
  const created = await rest("POST", `${LOGS}/session`, { experiment_id: "r", config: { lr: 0.1 }, total_epochs: 2 });
  t.match(created, { status: 201, body: { experiment_id: "r", status: "queued", config: { lr: 0.1 }, offset: 1 } });
  t.match(await rest("POST", `${LOGS}/session`, { experiment_id: "r" }), {
    status: 409,
    body: { error_code: "SESSION_EXISTS" },
  });
  const next = await watch(t, url, "/api/v1/ws/training/r");
  t.equal((await next()).type, "connected");
  t.match(await rest("PUT", `${LOGS}/r/status`, { status: "running" }), { status: 200, body: { status: "running" } });
  const position = (await rest("POST", `${LOGS}/r/log`, { level: "INFO", message: "first" })).body;
  await rest("POST", `${LOGS}/r/metrics`, { epoch: 1, step: 1, metrics: { loss: 0.5, "val/acc": "NaN" } });
  await rest("PUT", `${LOGS}/r/status`, { status: "completed", message: "well" });
  const pushed = [await next(), await next(), await next(), await next()];
  t.match(pushed, [
    { type: "status_changed", data: { status: "running", previous_status: "queued" } },
    { type: "log", ...position, data: { level: "INFO", message: "first" } },
    { type: "metrics", data: { epoch: 1, step: 1, metrics: { loss: 0.5, "val/acc": "NaN" } } },
    { type: "status_changed", data: { status: "completed", message: "well" } },
  ]);
  t.match((await rest("GET", `${LOGS}/r/info`)).body, {
    status: "completed",
    epoch: 1,
    total_epochs: 2,
    metrics: { loss: 0.5, "val/acc": "NaN" },
    counts: { log: 1, metrics: 1, status_changed: 3 },
    last_log: { message: "first" },
    started_at: String,
    finished_at: String,
    offset: 5,
  });
  t.match(await rest("DELETE", `${LOGS}/r`), { status: 200, body: { status: "success" } });
  t.match(await rest("GET", `${LOGS}/r/info`), { status: 404, body: { error_code: "SESSION_NOT_FOUND" } });
  const again = await rest("POST", `${LOGS}/session`, { experiment_id: "r" });
  t.equal(again.status, 201);
  t.ok(again.body.generation > created.body.generation, "a new generation");
  t.same((await rest("GET", `${LOGS}/r`)).body.entries, []);
});

test("rules of a run's life answer with their codes, and change nothing", async (t) => {
  const { url } = await serve(t, { models: [] });
  const rest = restOf(url);
  await rest("POST", `${LOGS}/session`, { experiment_id: "r" });
  const cases: [string, number, string][] = [
    ["paused", 409, "INVALID_TRANSITION"],
    ["completed", 409, "INVALID_TRANSITION"],
    ["lost", 400, "INVALID_MESSAGE"],
  ];
  for (const [status, code, error_code] of cases)
    t.match(await rest("PUT", `${LOGS}/r/status`, { status }), { status: code, body: { error_code } }, status);
  t.match(await rest("PUT", `${LOGS}/r/status`, { status: "queued" }), { status: 200, body: { offset: 1 } });
  t.match((await rest("GET", `${LOGS}/r/info`)).body, { status: "queued", offset: 1 });
  await rest("PUT", `${LOGS}/r/status`, { status: "failed" });
  t.match(await rest("PUT", `${LOGS}/r/status`, { status: "running" }), { status: 409 });
  t.match(
    await rest("POST", `${LOGS}/r/log`, { level: "ERROR", message: "late" }),
    { status: 200 },
    "late lines are kept",
  );
});

test("lists are added whole or not at all, and say where they are wrong", async (t) => {
  const { url } = await serve(t, { models: [] });
  const rest = restOf(url);
  await rest("POST", `${LOGS}/session`, { experiment_id: "r" });
  const line = (message: string, level = "INFO") => ({ level, message });
  const added = await rest("POST", `${LOGS}/r/log`, [line("a"), line("b")]);
  t.same(
    added.body.positions?.map(({ offset }) => offset),
    [2, 3],
  );
  t.match(await rest("POST", `${LOGS}/r/log`, [line("c"), line("d", "LOUD")]), {
    status: 400,
    body: { message: /^\[1\]\.level/ },
  });
  const events = [
    { topic: "training.r", type: "log", data: line("e") },
    { topic: "training.never", type: "log", data: line("f") },
  ];
  const lines = events.map((event) => JSON.stringify(event)).join("\n\n");
  t.match(await rest("POST", "/events", lines, "application/x-ndjson"), {
    status: 404,
    body: { error_code: "SESSION_NOT_FOUND", message: /^line 3: (?!at index)/, details: { line: 3 } },
  });
  t.match(await rest("POST", "/events", events), { status: 404, body: { message: /^\[1\]: /, details: { index: 1 } } });
  t.same(
    (await rest("GET", `${LOGS}/r`)).body.entries?.map(({ message }) => message),
    ["a", "b"],
  );
});

test("a repeated key adds nothing", async (t) => {
  const { url } = await serve(t, { models: [] });
  const rest = restOf(url);
  await rest("POST", `${LOGS}/session`, { experiment_id: "r" });
  const line = { level: "INFO", message: "once", idempotency_key: "k" };
  const first = await rest("POST", `${LOGS}/r/log`, line);
  t.same(await rest("POST", `${LOGS}/r/log`, line), first);
  t.same((await rest("POST", `${LOGS}/r/log`, [line, line])).body.positions, [first.body, first.body]);
  t.equal((await rest("GET", `${LOGS}/r`)).body.entries?.length, 1);
});

test("what many publish at once is kept once each, and read in pages of every size", async (t) => {
  const { url } = await serve(t, { models: [] });
  const rest = restOf(url);
  await rest("POST", `${LOGS}/session`, { experiment_id: "r" });
  const levels = ["DEBUG", "ERROR"];
  const posts = Array.from({ length: 300 }, (_, i) => ({ level: levels[i % 2], message: String(i) }));
  const replies = await Promise.all(posts.map((line) => rest("POST", `${LOGS}/r/log`, line)));
  t.equal(new Set(replies.map(({ body }) => body.offset)).size, 300);
  for (const [query, expected] of [
    ["limit=1000", 300],
    ["limit=7", 300],
    ["limit=7&level=WARNING", 150],
  ] as const) {
    const seen: unknown[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { body } = await rest("GET", `${LOGS}/r?${query}&after=${after}`);
      seen.push(...(body.entries ?? []).map(({ message }) => message));
      after = body.next;
    }
    t.equal(seen.length, expected, query);
    t.equal(new Set(seen).size, expected, query);
  }
});

test("a server that starts again has all of it", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "tidewire-training-"));
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
  const first = await serve(t, { models: [], flags: { dataDir } });
  const rest = restOf(first.url);
  await rest("POST", `${LOGS}/session`, { experiment_id: "r", config: { lr: 1 } });
  await rest("PUT", `${LOGS}/r/status`, { status: "running" });
  await rest(
    "POST",
    `${LOGS}/r/log`,
    [1, 2, 3].map((n) => ({ level: "INFO", message: String(n) })),
  );
  const before = await rest("GET", `${LOGS}/r/info`);
  const log = await rest("GET", `${LOGS}/r`);
  await first.server.close();
  const second = await serve(t, { models: [], flags: { dataDir } });
  const again = restOf(second.url);
  t.same(await again("GET", `${LOGS}/r/info`), before);
  t.same(await again("GET", `${LOGS}/r`), log);
  t.match(await again("POST", `${LOGS}/r/log`, { level: "INFO", message: "4" }), { body: { offset: 6 } });
});
