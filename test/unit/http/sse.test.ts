import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type Test, test } from "tap";
import { TidewireError } from "../../../src/errors.js";
import type { SseSink } from "../../../src/http/dependencies.js";
import { SseStream, SseStreams } from "../../../src/http/sse.js";
import { inMemory, MemoryStreams, MemoryTopics, serveRoutes } from "./memory.js";

/** A client that reads an event stream block by block. */
class Reader {
  readonly #chunks: AsyncIterator<string>;
  #text = "";

  constructor(readonly response: Response) {
    const body = response.body as ReadableStream<Uint8Array>;
    this.#chunks = body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  }

  /** The next block; undefined at the end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return block;
      }
      const { value, done } = await this.#chunks.next();
      if (done) return undefined;
      this.#text += value;
    }
  }

  async take(count: number): Promise<(string | undefined)[]> {
    const blocks = [];
    while (blocks.length < count) blocks.push(await this.next());
    return blocks;
  }
}

async function serve(t: Test, readiness: "ready" | "draining" = "ready") {
  const streams = new MemoryStreams();
  const topics = new MemoryTopics();
  const app = serveRoutes(t, { ...inMemory(topics, streams), readiness: { state: () => readiness } });
  const url = `${await app.listen({ port: 0, host: "127.0.0.1" })}/api/v1/events/stream`;
  const open = async (query: string, headers: Record<string, string> = {}) => {
    const abort = new AbortController();
    t.teardown(() => abort.abort());
    return { abort, reader: new Reader(await fetch(`${url}?${query}`, { headers, signal: abort.signal })) };
  };
  const refused = async (query: string, headers: Record<string, string> = {}) => {
    const reply = await fetch(`${url}?${query}`, { headers });
    return { status: reply.status, body: (await reply.json()) as object };
  };
  const sink = () => streams.opened.at(-1)?.sink as SseSink;
  return { app, streams, open, refused, sink, url };
}

/** A plain server whose one response is handed to the test, with the client's socket. */
async function rawResponse(t: Test): Promise<{ response: ServerResponse; client: Socket }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  client.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
  return { response, client };
}

test("a stream opens at once, with the headers that proxies need", async (t) => {
  const { open, streams } = await serve(t);
  const { reader } = await open("topic=task.p.t");
  t.equal(reader.response.status, 200);
  const { headers } = reader.response;
  t.equal(headers.get("content-type"), "text/event-stream; charset=utf-8");
  t.equal(headers.get("cache-control"), "no-cache");
  t.equal(headers.get("x-accel-buffering"), "no");
  t.equal(await reader.next(), "retry: 1000");
  t.match(streams.opened, [{ requests: [{ topic: "task.p.t", snapshot: false, minLevel: 0, types: [] }] }]);
});

test("messages come in order with their ids", async (t) => {
  const { open, sink } = await serve(t);
  const { reader } = await open("topic=task.p.t");
  sink().write({ frameJson: '{"type":"subscribed"}' });
  sink().write({ id: "1-2", frameJson: '{"type":"log","data":{"message":"a\\nb ☃"}}' });
  t.same(await reader.take(3), [
    "retry: 1000",
    'data: {"type":"subscribed"}',
    'id: 1-2\ndata: {"type":"log","data":{"message":"a\\nb ☃"}}',
  ]);
});

test("the query says what is asked for", async (t) => {
  const { open, streams } = await serve(t);
  await open(
    "topic=task.p.t&topic=training.*&topic=task.p.t&snapshot=true&min_level=WARNING&types=log,metrics&other=1",
  );
  const asked = { snapshot: true, minLevel: 3, types: ["log", "metrics"], after: undefined, positions: {} };
  t.match(streams.opened[0]?.requests, [
    { topic: "task.p.t", ...asked },
    { topic: "training.*", ...asked },
  ]);
});

test("Last-Event-ID resumes, and an empty one says nothing", async (t) => {
  const { open, streams } = await serve(t);
  await open("topic=task.p.t&snapshot=true", { "last-event-id": "3-7" });
  await open("topic=task.p.t&topic=training.*", { "last-event-id": "task.p.t:3-7,training.a:1-2" });
  await open("topic=task.p.t", { "last-event-id": "" });
  t.match(
    streams.opened.map(({ requests }) => requests),
    [
      [{ topic: "task.p.t", snapshot: false, after: { generation: 3, offset: 7 } }],
      [
        { topic: "task.p.t", after: { generation: 3, offset: 7 } },
        { topic: "training.*", after: undefined, positions: { "training.a": { generation: 1, offset: 2 } } },
      ],
      [{ topic: "task.p.t", after: undefined }],
    ],
  );
});

test("what cannot be is an ordinary reply", async (t) => {
  const { refused, streams, app } = await serve(t);
  const topics = Array.from({ length: 17 }, (_, i) => `topic=task.p.t${i}`).join("&");
  const cases: [string, Record<string, string>, string, RegExp][] = [
    ["", {}, "INVALID_MESSAGE", /topic: expected 1 to 16 topics, came 0/],
    ["topic=", {}, "INVALID_MESSAGE", /came 0/],
    [topics, {}, "INVALID_MESSAGE", /came 17/],
    ["topic=task..x", {}, "INVALID_TOPIC", /./],
    ["topic=task.%00", {}, "INVALID_TOPIC", /./],
    ["topic=>.a", {}, "INVALID_TOPIC", /./],
    ["topic=task.p.t&min_level=LOUD", {}, "INVALID_MESSAGE", /min_level/],
    ["topic=task.p.t&snapshot=maybe", {}, "INVALID_MESSAGE", /snapshot: expected true or false, came "maybe"/],
    ["topic=task.p.t", { "last-event-id": "nonsense" }, "INVALID_MESSAGE", /Last-Event-ID/],
    ["topic=task.p.t", { "last-event-id": "1".repeat(9000) }, "INVALID_MESSAGE", /Last-Event-ID: .*8192/],
  ];
  for (const [query, headers, error_code, message] of cases) {
    t.match(await refused(query, headers), { status: 400, body: { error_code, message } }, query);
  }
  streams.refusal = new TidewireError("INVALID_MESSAGE", "data.types: no such type");
  t.match(await refused("topic=task.p.t"), { status: 400, body: { message: "data.types: no such type" } });
  streams.refusal = new Error("ENOSPC");
  t.match(await refused("topic=task.p.t"), { status: 500, body: { error_code: "INTERNAL_ERROR" } });
  t.equal(streams.opened.length, 0);
  const head = await app.inject({ method: "HEAD", url: "/api/v1/events/stream?topic=task.p.t" });
  t.equal(head.statusCode, 405);
});

test("a server that stops takes no new stream, and ends those it has", async (t) => {
  const stopping = await serve(t, "draining");
  t.match(await stopping.refused("topic=task.p.t"), { status: 503, body: { error_code: "SHUTTING_DOWN" } });
  const { app, open, sink } = await serve(t);
  const { reader } = await open("topic=task.p.t");
  sink().write({ id: "1-1", frameJson: "{}" });
  const closing = app.close();
  t.same(await reader.take(3), ["retry: 1000", "id: 1-1\ndata: {}", undefined], "what was queued comes first");
  await closing;
});

test("the sink hears that its client has gone, and writes no more", async (t) => {
  const { url, sink } = await serve(t);
  // Not fetch: after an abort it opens another connection, which the app would wait for.
  const client = connect(Number(new URL(url).port), "127.0.0.1");
  client.write("GET /api/v1/events/stream?topic=task.p.t HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await once(client, "data");
  const gone = new Promise<void>((resolve) => sink().onClose(resolve));
  client.destroy();
  await gone;
  sink().write({ frameJson: "{}" });
  t.equal(sink().unsentBytes, 0);
  sink().close();
  let told = 0;
  sink().onClose(() => {
    told += 1;
  });
  t.equal(told, 1, "and says so to whoever asks later");
});

test("close ends the stream after what was queued", async (t) => {
  const { open, sink } = await serve(t);
  const { reader } = await open("topic=task.p.t");
  sink().write({ frameJson: "1" });
  sink().close();
  sink().close();
  sink().write({ frameJson: "2" });
  t.same(await reader.take(3), ["retry: 1000", "data: 1", undefined]);
});

test("a stream that is closed as it opens is an empty stream", async (t) => {
  const { streams, open } = await serve(t);
  streams.open = (_, sink) => sink.close();
  const { reader } = await open("topic=task.p.t");
  t.equal(reader.response.status, 200);
  t.same(await reader.take(2), ["retry: 1000", undefined]);
});

test("a stream that breaks after it has spoken ends", async (t) => {
  const { streams, open } = await serve(t);
  streams.open = async (_, sink) => {
    sink.write({ frameJson: "1" });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    throw new Error("too late");
  };
  const { reader } = await open("topic=task.p.t");
  t.same(await reader.take(3), ["retry: 1000", "data: 1", undefined]);
});

test("the messages of one turn leave as one write", async (t) => {
  const { response } = await rawResponse(t);
  const stream = new SseStream(response);
  stream.start();
  const written: string[] = [];
  const write = response.write.bind(response);
  response.write = ((chunk: string, done: () => void) => {
    written.push(chunk);
    return write(chunk, done);
  }) as typeof response.write;
  const drained = new Promise<void>((resolve) => stream.onDrain(resolve));
  for (const frameJson of ["1", "2", "3"]) stream.write({ frameJson });
  t.ok(stream.turnBytes >= 3 * "data: 1\n\n".length);
  await drained;
  t.same(written, ["data: 1\n\ndata: 2\n\ndata: 3\n\n"]);
  t.equal(stream.unsentBytes, 0);
});

test("a reader that does not read shows in unsentBytes, and its reading by onDrain", async (t) => {
  const { response, client } = await rawResponse(t);
  client.pause();
  const stream = new SseStream(response);
  const frameJson = JSON.stringify("x".repeat(1024 * 1024));
  for (let i = 0; i < 32; i += 1) {
    stream.write({ frameJson });
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(stream.unsentBytes > 4 * frameJson.length, "what the kernel did not take is counted");
  const queued = stream.unsentBytes;
  stream.keepAlive();
  t.equal(stream.unsentBytes, queued, "nobody has to be kept awake who has not heard the last yet");
  const drained = new Promise<void>((resolve) => stream.onDrain(resolve));
  client.resume();
  await drained;
  t.equal(stream.unsentBytes, 0);
});

test("a reader that does not even read the end is cut off", async (t) => {
  const { response, client } = await rawResponse(t);
  client.pause();
  const stream = new SseStream(response);
  const frameJson = JSON.stringify("x".repeat(16 * 1024 * 1024));
  stream.write({ frameJson });
  stream.close();
  await once(response, "close");
  t.ok(response.destroyed);
});

test("a quiet stream is kept alive", async (t) => {
  const { response, client } = await rawResponse(t);
  const streams = new SseStreams(1);
  const stream = streams.open(response, { "x-other": "1" });
  stream.start();
  let text = "";
  for await (const chunk of client) {
    text += String(chunk);
    if (text.includes(": keep-alive\n\n")) break;
  }
  t.match(text, /x-other: 1\r\n/);
  t.match(text, /retry: 1000\n\n/);
  streams[Symbol.dispose]();
});
