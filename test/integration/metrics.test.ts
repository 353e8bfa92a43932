// What a server tells of itself, on a whole server that is made to work: each figure moves as it should.
import { type Test, test } from "tap";
import { LogLevel } from "../../generated/ts/tidewire/v1/events.js";
import { type Scrape, scrape } from "../support/exposition.js";
import {
  bytesOf,
  type ClientBody,
  codeOf,
  config,
  expect,
  floats,
  infer,
  predict,
  predictBatch,
} from "./support/frames.js";
import { ENCODINGS, Peer } from "./support/peer.js";
import { restOf, StreamReader } from "./support/rest.js";
import { serve } from "./support/serve.js";

const TURBINE = "gas_turbine";
const READING = [10, 1010, 75, 4, 25];
const MATRIX = (rows: number) => bytesOf(Float32Array.from({ length: rows * 5 }, (_, i) => READING[i % 5] as number));

const subscribe = (topic: string): ClientBody => ({
  $case: "subscribe",
  value: {
    topic,
    after: undefined,
    snapshot: false,
    minLevel: LogLevel.LOG_LEVEL_UNSPECIFIED,
    types: [],
    positions: {},
    topicPositions: [],
  },
});

const line = (topic: string, message: string): ClientBody => ({
  $case: "publish",
  value: { topic, timestamp: undefined, kind: { $case: "log", value: { level: LogLevel.LOG_LEVEL_INFO, message } } },
});

/** How much a figure has risen between two scrapes. */
function growth(before: Scrape, after: Scrape) {
  return (name: string, labels: Readonly<Record<string, string>> = {}): number =>
    after.sum(name, labels) - before.sum(name, labels);
}

/** The figures that a test reads as soon as they are right: what follows a reply is told within a turn or two. */
async function scrapeUntil(url: string, isRight: (scraped: Scrape) => boolean): Promise<Scrape> {
  for (;;) {
    const scraped = await scrape(url);
    if (isRight(scraped)) return scraped;
  }
}

for (const encoding of ENCODINGS) {
  test(`${encoding}: requests, readings, runs and failures are counted, by model and way`, async (t) => {
    const { url } = await serve(t, { models: [TURBINE, "faulty", "broken"] });
    const before = await scrape(url);
    const peer = await Peer.connect(t, url, encoding);
    await peer.ask(config(TURBINE));
    for (let i = 0; i < 3; i += 1) expect(await peer.ask(predict({ values: READING })), "prediction");
    expect(await peer.ask(predictBatch({ matrix: MATRIX(5) })), "predictionBatch");
    expect(
      await peer.ask(infer(TURBINE, [floats("boundary_signals", [2, 5], [...READING, ...READING])])),
      "inferResult",
    );
    t.equal(codeOf(await peer.ask(predict({ boundarySignals: { AT: 1 } }))), "MISSING_SIGNALS");
    await peer.ask(config("faulty"));
    t.equal(codeOf(await peer.ask(predict({ values: [99, 1, 1] }))), "PREDICTION_ERROR");
    expect(await peer.ask(infer("faulty", [floats("readings", [1, 3], [1, 1, 1])])), "inferResult");

    const after = await scrape(url);
    const grew = growth(before, after);
    const turbine = { model: TURBINE, transport: `ws_${encoding}` };
    t.equal(grew("tidewire_predictions_total", turbine), 3 + 5 + 2);
    for (const part of ["duration", "queue", "compute"])
      t.equal(grew(`tidewire_request_${part}_seconds_count`, turbine), 5, part);
    const sumOf = (part: string) => grew(`tidewire_request_${part}_seconds_sum`, turbine);
    t.ok(sumOf("compute") > 0);
    t.ok(Math.abs(sumOf("queue") + sumOf("compute") - sumOf("duration")) < 1e-9, "the parts make the whole");
    t.equal(grew("tidewire_batch_rows_sum", { model: TURBINE }), 10);
    t.equal(grew("tidewire_batch_rows_count", { model: TURBINE }), 5);
    t.equal(grew("tidewire_batch_releases_total", { model: TURBINE, reason: "turn" }), 5);
    const faulty = { model: "faulty", transport: `ws_${encoding}` };
    t.equal(grew("tidewire_request_failures_total", { ...faulty, code: "PREDICTION_ERROR" }), 1);
    t.equal(grew("tidewire_predictions_total", faulty), 1, "tensors count as one");
    for (const code of ["MISSING_SIGNALS", "PREDICTION_ERROR"])
      t.equal(grew("tidewire_errors_total", { transport: "stream", code }), 1, code);
    t.equal(after.sum("tidewire_models", { state: "ready" }), 2);
    t.equal(after.sum("tidewire_models", { state: "broken" }), 1);

    t.equal(grew("nv_inference_request_success", { model: TURBINE, version: "1" }), 5);
    t.equal(grew("nv_inference_count", { model: TURBINE }), 10);
    t.equal(grew("nv_inference_exec_count", { model: TURBINE }), 5);
    t.equal(grew("nv_inference_exec_count", { model: "faulty" }), 2);
    t.equal(grew("nv_inference_request_failure", { model: "faulty", reason: "BACKEND" }), 1);
    const us = (name: string) => grew(`nv_inference_${name}_duration_us`, { model: TURBINE });
    t.ok(Math.abs(us("queue") + us("compute_infer") - us("request")) < 1, "µs, summed over requests");
    t.ok(us("compute_output") > 0);

    t.equal(after.sum("tidewire_connections", { path: "/api/v1/inference/stream", encoding }), 1);
    t.equal(grew("tidewire_received_frames_total"), 10);
    t.equal(grew("tidewire_sent_frames_total"), 10);
    t.ok(grew("tidewire_received_bytes_total") > 100 && grew("tidewire_sent_bytes_total") > 100);
    peer.socket.close();
    await peer.closed;
    await scrapeUntil(url, (scraped) => scraped.sum("tidewire_connections") === 0);
  });
}

test("readings that come together are one run, and each counts as a request", async (t) => {
  const { url } = await serve(t, { models: [TURBINE] });
  const peer = await Peer.connect(t, url, "proto");
  await peer.ask(config(TURBINE));
  const before = await scrape(url);
  await Promise.all(Array.from({ length: 500 }, () => peer.ask(predict({ values: READING }))));
  const grew = growth(before, await scrape(url));
  t.equal(grew("tidewire_request_duration_seconds_count"), 500);
  t.equal(grew("tidewire_batch_rows_sum"), 500);
  const runs = grew("tidewire_batch_rows_count");
  t.ok(runs < 500);
  t.equal(grew("tidewire_batch_releases_total"), runs);
  t.equal(grew("nv_inference_exec_count"), runs);
});

test("batches that are held: full and delay; deadlines and overload are failures", async (t) => {
  const modelSettings = { slow: { maxQueueDelayUs: 50_000 } };
  const { url } = await serve(t, { models: ["slow"], modelSettings, flags: { maxBatchRows: "4", maxQueuedRows: "8" } });
  const peer = await Peer.connect(t, url, "proto");
  await peer.ask(config("slow"));
  const rows = (count: number, timeoutMs?: number) =>
    peer.ask(predictBatch({ matrix: bytesOf(new Float32Array(8 * count)), timeoutMs }));
  expect(await rows(1), "predictionBatch"); // held, and nobody else comes
  const replies = await Promise.all([rows(4), rows(1, 1), rows(4), rows(4), rows(4)]);
  const codes = replies.map(codeOf);
  t.equal(codes[0], undefined);
  t.equal(codes[1], "DEADLINE_EXCEEDED");
  t.ok(codes.includes("OVERLOADED"));
  for (const reply of await Promise.all([rows(4), rows(3)])) expect(reply, "predictionBatch");
  const after = await scrape(url);
  const released = (reason: string) => after.sum("tidewire_batch_releases_total", { model: "slow", reason });
  t.equal(released("delay"), 1);
  t.ok(released("full") >= 1);
  t.ok(released("executor_free") >= 1);
  const failed = (code: string) => after.sum("tidewire_request_failures_total", { model: "slow", code });
  t.equal(failed("DEADLINE_EXCEEDED"), 1);
  t.equal(failed("OVERLOADED"), codes.filter((code) => code === "OVERLOADED").length);
  t.equal(
    after.sum("nv_inference_request_failure", { reason: "REJECTED" }),
    failed("DEADLINE_EXCEEDED") + failed("OVERLOADED"),
  );
});

test("events: appended, committed, flushed, and handed to those who listen", async (t) => {
  const { url } = await serve(t, { models: [] });
  const rest = restOf(url);
  await rest("POST", "/training/logs/session", { experiment_id: "r" });
  const before = await scrape(url);
  const peer = await Peer.connect(t, url, "proto", { path: "/api/v1/ws" });
  expect(await peer.ask(subscribe("training.r")), "subscribed");
  const stream = await StreamReader.open(t, url, "topic=training.*");
  await stream.take(1);
  for (const message of ["a", "b", "c"]) expect(await peer.ask(line("training.r", message)), "published");
  await rest("POST", "/training/logs/r/log", [
    { level: "INFO", message: "d" },
    { level: "INFO", message: "e" },
  ]);
  await stream.take(5);
  const isFlushed = (scraped: Scrape) =>
    growth(before, scraped)("tidewire_event_flush_seconds_count") ===
    growth(before, scraped)("tidewire_event_commit_seconds_count");
  const after = await scrapeUntil(url, isFlushed);
  const grew = growth(before, after);
  t.equal(grew("tidewire_events_appended_total"), 5);
  t.ok(grew("tidewire_events_appended_bytes_total") > 5);
  t.ok(grew("tidewire_event_commit_seconds_count") >= 4, "each turn once");
  t.equal(grew("tidewire_event_fan_out_seconds_count"), 5, "each event once");
  t.equal(grew("tidewire_subscriptions"), 2);
  t.equal(after.sum("tidewire_topics"), 1);
  t.equal(after.sum("tidewire_event_log_segments"), 1);
  t.ok(after.sum("tidewire_event_log_bytes") > 0);
  t.equal(after.sum("tidewire_event_log_pending_bytes"), 0);
  t.equal(after.sum("tidewire_event_log_failing"), 0);
  stream.cut();
  peer.socket.close();
  await scrapeUntil(url, (scraped) => scraped.sum("tidewire_subscriptions") === 0);
});

test("a reader that is too slow is counted, and what it is owed meanwhile", async (t) => {
  const { url } = await serve(t, { models: [], flags: { maxQueuedBytes: "65536" } });
  const rest = restOf(url);
  await rest("POST", "/training/logs/session", { experiment_id: "r" });
  const slow = await Peer.connect(t, url, "proto", { path: "/api/v1/ws" });
  expect(await slow.ask(subscribe("training.r")), "subscribed");
  slow.socket.pause();
  const message = "x".repeat(60_000);
  const closes = async (): Promise<number> => (await scrape(url)).sum("tidewire_slow_consumer_closes_total");
  while ((await closes()) === 0) {
    const lines = Array.from({ length: 16 }, () => ({ level: "INFO", message }));
    await rest("POST", "/training/logs/r/log", lines);
  }
  t.equal(await closes(), 1);
  t.equal((await scrape(url)).sum("tidewire_errors_total", { transport: "stream", code: "SLOW_CONSUMER" }), 1);
});

test("HTTP: requests by route and status, errors by code; sockets and streams are no requests", async (t) => {
  const { url } = await serve(t, { models: [] });
  const rest = restOf(url);
  const topics = ["a", "b", "c"].map((name) => `task.secret.${name}`);
  for (const topic of topics) t.equal((await rest("GET", `/topics/${topic}`)).status, 404);
  await fetch(`${url}/made/up/path`);
  await fetch(`${url}/health`, { method: "DELETE" });
  const stream = await StreamReader.open(t, url, "topic=training.*");
  await stream.take(1);
  stream.cut();
  t.equal((await fetch(`${url}/api/v1/events/stream`)).status, 400);
  const peer = await Peer.connect(t, url, "json");
  peer.socket.close();
  await peer.closed;
  const after = await scrapeUntil(url, (scraped) => scraped.sum("tidewire_subscriptions") === 0);
  const requests = (labels: Readonly<Record<string, string>>) => after.sum("tidewire_http_requests_total", labels);
  t.equal(requests({ method: "GET", route: "/api/v1/topics/:topic", status: "404" }), 3);
  t.equal(after.sum("tidewire_http_request_duration_seconds_count", { route: "/api/v1/topics/:topic" }), 3);
  t.equal(requests({ method: "DELETE", route: "/health", status: "405" }), 1);
  t.equal(requests({ route: "/api/v1/events/stream" }), 1, "the one that was refused");
  t.equal(requests({ route: "/api/v1/inference/stream" }), 0);
  t.equal(after.sum("tidewire_errors_total", { transport: "http", code: "TOPIC_NOT_FOUND" }), 3);
  t.notMatch(JSON.stringify([...after.families.values()]), /secret|made/, "no name of a client's is a label");
});

test("scrapes at once, in both formats, are valid and whole", async (t) => {
  const { url } = await serve(t, { models: [TURBINE] });
  const peer = await Peer.connect(t, url, "json");
  await peer.ask(config(TURBINE));
  await peer.ask(predict({ values: READING }));
  await fetch(`${url}/health`);
  const scrapes = await Promise.all(
    Array.from({ length: 8 }, (_, i) => scrape(url, i % 2 === 0 ? "prometheus" : "openmetrics")),
  );
  const [text, open] = scrapes as [Scrape, Scrape];
  t.same(
    [...open.families.values()].map(({ name, type }) => (type === "counter" ? `${name}_total` : name)),
    [...text.families.keys()],
    "the same families",
  );
  for (const scraped of scrapes) t.equal(scraped.sum("nv_inference_count"), 1);
});

test("a browser and curl get text; a scraper what it prefers", async (t: Test) => {
  const { url } = await serve(t, { models: [] });
  const typeFor = async (accept: string): Promise<string> => {
    const reply = await fetch(`${url}/metrics`, { headers: { accept } });
    t.equal(reply.headers.get("vary"), "accept");
    return (reply.headers.get("content-type") ?? "").split(";")[0] as string;
  };
  const prometheus3 =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  t.equal(await typeFor(prometheus3), "application/openmetrics-text");
  t.equal(
    await typeFor("application/vnd.google.protobuf;q=0.7,text/plain;version=0.0.4;q=0.6,*/*;q=0.1"),
    "text/plain",
  );
  t.equal(await typeFor("text/html,application/xhtml+xml,*/*;q=0.8"), "text/plain");
  t.equal(await typeFor("application/openmetrics-text;version=2.0.0"), "text/plain", "a version that is not spoken");
  t.equal(await typeFor("application/openmetrics-text;q=0,text/plain"), "text/plain");
});
