// Limits of HTTP: bodies, heads, pages, uploads, evaluations, histories.
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { mock } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Test } from "tap";
import { MAX_MINTED_SCOPES } from "../../../src/access/scopes.js";
import { ERRORS, type ErrorCode } from "../../../src/errors.js";
import { MAX_ENTRIES } from "../../../src/http/entries.js";
import { MAX_ID_LENGTH } from "../../../src/http/event-id.js";
import { MAX_STREAM_TOPICS } from "../../../src/http/event-stream.js";
import { config, expect, predict } from "../support/frames.js";
import { Peer } from "../support/peer.js";
import { serve } from "../support/serve.js";
import { effect, fixed, http, type Row, type Seen, seenBy, setting, talk } from "./row.js";

const NARROW = ["ensemble_narrow"];

export const REQUESTS: readonly Row[] = [
  setting("maxBodyBytes", http("FRAME_TOO_LARGE"), async (t) => {
    const { post } = await talk(t, { maxBodyBytes: "1KiB" });
    return seenBy(await post("/events", " ".repeat(1025)));
  }),
  setting("historyRows", effect("the oldest row is overwritten"), (t) => keptRows(t, { historyRows: "2" })),
  setting("historyBytes", effect("a history stops growing and overwrites its oldest rows"), async (t) => {
    await keptRows(t, { historyRows: "1000000", historyBytes: "64KiB" }, 5_000);
    return effect("a history stops growing and overwrites its oldest rows");
  }),
  setting("closedHistories", http("SESSION_NOT_FOUND"), (t) => saveClosed(t, { closedHistories: "0" })),
  setting("closedHistoryMs", http("SESSION_NOT_FOUND"), (t) => saveClosed(t, { closedHistoryMs: "0" })),
  setting("maxQueuedEvaluations", http("OVERLOADED"), async (t) => {
    const { url } = await talk(t, { maxEvaluations: "1", maxQueuedEvaluations: "0" }, ["slow"]);
    const replies = await Promise.all(Array.from({ length: 3 }, () => upload(url, rows(50), "slow")));
    return seenBy(replies.find(({ status }) => status !== 202) as Response);
  }),
  setting("maxUploadBytes", http("FRAME_TOO_LARGE"), async (t) => {
    const { url } = await talk(t, { maxUploadBytes: "1KiB" }, NARROW);
    return seenBy(await upload(url, "x".repeat(1025), "ensemble_narrow"));
  }),
  setting("keptEvaluations", http("TASK_NOT_FOUND"), async (t) => {
    const { url, get } = await talk(t, { keptEvaluations: "1" }, NARROW);
    const ids: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      const { id } = (await (await upload(url, "a,b\n1,2\n", "ensemble_narrow")).json()) as { id: string };
      ids.push(id);
      while (((await (await get(`/api/v1/evaluations/${id}`)).json()) as { status?: string }).status !== "completed");
    }
    for (;;) {
      const reply = await get(`/api/v1/evaluations/${ids[0]}`);
      if (reply.status !== 200) return seenBy(reply);
    }
  }),
  fixed(
    "MAX_WAITING",
    "32 files",
    "histories that are being saved",
    "each holds its rows until they are on the disk",
    http("OVERLOADED"),
    async (t) => {
      const { url, post } = await talk(t, {}, NARROW);
      const peer = await Peer.connect(t, url, "proto");
      const { sessionId } = expect(await peer.ask(config("ensemble_narrow")), "configAck");
      await peer.ask(predict({ values: [1, 1] }));
      const body = JSON.stringify({ session_id: sessionId, format: "csv" });
      for (;;) {
        const replies = await Promise.all(Array.from({ length: 80 }, () => post("/inference/stream/save", body)));
        const refused = replies.find(({ status }) => status !== 200);
        if (refused) return seenBy(refused);
      }
    },
  ),
  fixed(
    "request head",
    "16 KiB",
    "request line and headers together, the URL included",
    "Node's own; a token of 8 KiB fits",
    http("INVALID_MESSAGE", 431),
    async (t) => {
      const { url } = await talk(t);
      return raw(url, `GET /health HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(17_000)}\r\n\r\n`);
    },
  ),
  fixed(
    "URL",
    "16 KiB less the headers",
    "path and query",
    "part of the head",
    http("INVALID_MESSAGE", 431),
    async (t) => {
      const { url } = await talk(t);
      return raw(url, `GET /${"y".repeat(17_000)} HTTP/1.1\r\nhost: x\r\n\r\n`);
    },
  ),
  fixed(
    "MAX_PARAMETER_LENGTH",
    "1024 characters",
    "one name in a path",
    "a longer one is unknown in any case",
    http("NOT_FOUND"),
    async (t) => {
      const { get } = await talk(t);
      return seenBy(await get(`/api/v1/topics/${"a".repeat(1_025)}`));
    },
  ),
  fixed(
    "MAX_ENTRIES",
    `${MAX_ENTRIES} entries`,
    "a list or NDJSON of events",
    "they are one commit, and nobody is served while they are read",
    http("INVALID_MESSAGE"),
    async (t) => {
      const { post } = await talk(t);
      return seenBy(await post("/events", "{}\n".repeat(MAX_ENTRIES + 1), "application/x-ndjson"));
    },
  ),
  fixed(
    "limit",
    "1000 entries",
    "one page of a list",
    "a page is some milliseconds of work; `next` goes on",
    http("INVALID_MESSAGE"),
    async (t) => {
      const { get } = await talk(t);
      return seenBy(await get("/api/v1/topics?limit=1001"));
    },
  ),
  fixed(
    "MAX_STREAM_TOPICS",
    `${MAX_STREAM_TOPICS} topics`,
    "one event stream",
    "a page's worth; more belong into a pattern",
    http("INVALID_MESSAGE"),
    async (t) => {
      const { get } = await talk(t);
      const topics = Array.from({ length: MAX_STREAM_TOPICS + 1 }, (_, i) => `topic=training.${i}`);
      return seenBy(await get(`/api/v1/events/stream?${topics.join("&")}`));
    },
  ),
  fixed(
    "MAX_ID_LENGTH",
    `${MAX_ID_LENGTH} characters`,
    "`Last-Event-ID`",
    "it comes back as a header, of which 16 KiB are taken in all",
    http("INVALID_MESSAGE"),
    async (t) => {
      const { url } = await talk(t);
      const headers = { "last-event-id": "1".repeat(MAX_ID_LENGTH + 1) };
      return seenBy(await fetch(`${url}/api/v1/events/stream?topic=training.a`, { headers }));
    },
  ),
  fixed(
    "MAX_SAVE_BYTES",
    "16 KiB",
    "the body that asks for a history to be saved",
    "three short texts",
    http("FRAME_TOO_LARGE"),
    async (t) => {
      const { post } = await talk(t);
      return seenBy(await post("/inference/stream/save", " ".repeat(16 * 1024 + 1)));
    },
  ),
  fixed(
    "MAX_BYTES",
    "64 KiB",
    "the body that asks for a token",
    "more scopes than anybody's",
    http("FRAME_TOO_LARGE"),
    async (t) => {
      const { post } = await talk(t);
      return seenBy(await post("/tokens", " ".repeat(64 * 1024 + 1)));
    },
  ),
  fixed(
    "MAX_MINTED_SCOPES",
    `${MAX_MINTED_SCOPES} scopes`,
    "one token that is made of another",
    "each is compared with every topic that is asked for; more belong into a pattern",
    http("INVALID_MESSAGE"),
    async (t) => {
      const token = "a-token-of-the-tests-that-is-long-enough";
      const { url } = await serve(t, { models: [], flags: { eventLog: "memory", nvidiaSmi: "off", token } });
      const scopes = Array.from({ length: MAX_MINTED_SCOPES + 1 }, (_, i) => `subscribe:training.${i}`);
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      return seenBy(await fetch(`${url}/api/v1/tokens`, { method: "POST", headers, body: JSON.stringify({ scopes }) }));
    },
  ),
  fixed(
    "MIN_UPLOAD_BYTES",
    "256 KiB in 30 s",
    "how slowly a file may be uploaded",
    "an upload holds a place of `maxQueuedEvaluations`",
    effect("the connection is cut, and its place is free"),
    async (t) => {
      const { url } = await talk(t, { maxEvaluations: "1", maxQueuedEvaluations: "0" }, NARROW);
      mock.timers.enable({ apis: ["setInterval"] });
      t.teardown(() => mock.timers.reset());
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      let isCut = false;
      socket.once("close", () => {
        isCut = true;
      });
      const part = 'content-disposition: form-data; name="file"; filename="x.csv"';
      socket.write("POST /api/v1/evaluations HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n");
      socket.write(`content-type: multipart/form-data; boundary=x\r\n\r\n--x\r\n${part}\r\n\r\na`);
      const folder = join(t.testdirName, "data/evaluations");
      while (!existsSync(folder) || readdirSync(folder).length === 0) await setImmediate();
      t.equal((await upload(url, "a,b\n1,2\n", "ensemble_narrow")).status, 503, "it holds the place");
      for (; !isCut; await setImmediate()) mock.timers.tick(30_000);
      while ((await upload(url, "a,b\n1,2\n", "ensemble_narrow")).status !== 202);
      return effect("the connection is cut, and its place is free");
    },
  ),
  fixed(
    "MAX_FIELDS",
    "16 fields",
    "one form beside its file",
    "one for each choice of an evaluation",
    http("INVALID_MESSAGE"),
    async (t) => {
      const { url } = await talk(t, {}, NARROW);
      const form = new FormData();
      for (let i = 0; i <= 16; i += 1) form.append(`f${i}`, "x");
      return seenBy(await fetch(`${url}/api/v1/evaluations`, { method: "POST", body: form }));
    },
  ),
  fixed(
    "MAX_FIELDS_BYTES",
    "1 MiB",
    "a JSON body that starts an evaluation",
    "a path, a few names, a boost for each signal",
    http("FRAME_TOO_LARGE"),
    async (t) => {
      const { post } = await talk(t);
      return seenBy(await post("/evaluations", " ".repeat(1024 * 1024 + 1)));
    },
  ),
];

/** Rows of a session's history once so many readings were predicted. */
async function keptRows(t: Test, flags: Readonly<Record<string, unknown>>, readings = 3): Promise<Seen> {
  const { url, post } = await talk(t, flags, NARROW);
  const peer = await Peer.connect(t, url, "proto");
  const { sessionId } = expect(await peer.ask(config("ensemble_narrow")), "configAck");
  await Promise.all(Array.from({ length: readings }, (_, i) => peer.ask(predict({ values: [i, 1] }))));
  const saved = await post("/inference/stream/save", JSON.stringify({ session_id: sessionId, format: "csv" }));
  const { samples_saved: kept } = (await saved.json()) as { samples_saved: number };
  t.ok(kept > 0 && kept < readings, `${kept} of ${readings} rows are kept`);
  return effect("the oldest row is overwritten");
}

/** Saves the history of a session that is closed. */
async function saveClosed(t: Test, flags: Readonly<Record<string, unknown>>): Promise<Seen> {
  const { url, post } = await talk(t, flags, NARROW);
  const peer = await Peer.connect(t, url, "proto");
  const { sessionId } = expect(await peer.ask(config("ensemble_narrow")), "configAck");
  await peer.ask(predict({ values: [1, 1] }));
  peer.socket.close();
  await peer.closed;
  for (;;) {
    const reply = await post("/inference/stream/save", JSON.stringify({ session_id: sessionId, format: "csv" }));
    if (reply.status !== 200) return seenBy(reply);
  }
}

function upload(url: string, csv: string, ensemble: string): Promise<Response> {
  const form = new FormData();
  form.append("ensemble_name", ensemble);
  form.append("file", new Blob([csv]), "x.csv");
  return fetch(`${url}/api/v1/evaluations`, { method: "POST", body: form });
}

/** A CSV for the slow model. */
function rows(count: number): string {
  const names = Array.from({ length: 8 }, (_, i) => `readings_${i}`);
  return `${names.join(",")}\n${`${Array(8).fill(1).join(",")}\n`.repeat(count)}`;
}

/** What bytes that are no ordinary request are answered. */
async function raw(url: string, request: string): Promise<Seen> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {}); // what is left unread when it closes
  socket.write(request);
  const [head = "", body = "{}"] = (await text(socket)).split("\r\n\r\n");
  const code = (JSON.parse(body) as { error_code: ErrorCode }).error_code;
  if (!(code in ERRORS)) throw new Error(`no error: ${body}`);
  return { code, status: Number(head.split(" ")[1]), retries: false };
}
