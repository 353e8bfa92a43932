import { pino } from "pino";
import { type Test, test } from "tap";
import { TidewireError } from "../../../src/errors.js";
import { createApp, registerRoutes } from "../../../src/http/app.js";
import { UNBOUNDED, WELCOME } from "../../support/admission.js";
import { inMemory } from "./memory.js";

interface LogLine {
  readonly msg: string;
  readonly level: number;
  readonly request_id?: string;
  readonly trace_id?: string;
  readonly route?: string;
  readonly status?: number;
  readonly error_code?: string;
  readonly err?: { readonly message: string };
}

function serve(t: Test, level = "warn") {
  const lines: LogLine[] = [];
  const log = pino({ level }, { write: (line) => lines.push(JSON.parse(line)) });
  const app = createApp({ ...UNBOUNDED, maxBodyBytes: 2048 }, log, WELCOME);
  registerRoutes(app, {
    ...inMemory(),
    streams: {
      stats() {
        throw new Error("a secret of ours");
      },
    },
    ensembles: {
      list: () => [],
      describe() {
        throw new TidewireError("ENSEMBLE_NOT_FOUND", "no such ensemble", { ensemble_name: "pump" });
      },
    },
  });
  t.teardown(() => app.close());
  return { app, lines };
}

const FAULTY = "/api/v1/inference/stream/stats";
const UNKNOWN = "/api/v1/ensemble/pump/info";

test("a request keeps the id that its client gave it; what is no id is replaced", async (t) => {
  const { app } = serve(t);
  const idFor = async (sent?: string): Promise<string> => {
    const headers = sent === undefined ? {} : { "x-request-id": sent };
    return String((await app.inject({ url: "/health", headers })).headers["x-request-id"]);
  };
  for (const id of ["a", "deploy-17.step_3", "x".repeat(128)]) t.equal(await idFor(id), id);
  for (const id of ["", "x".repeat(129), "two words", 'a"b', "ä", "a/b"]) t.match(await idFor(id), /^req_[\w-]{12}$/);
  t.not(await idFor(), await idFor(), "each request has an id of its own");
});

test("every reply has the id in its header, also where nothing is served, and where a method is not taken", async (t) => {
  const { app } = serve(t);
  const headers = { "x-request-id": "here" };
  for (const [method, url] of [
    ["GET", "/nowhere"],
    ["DELETE", "/health"],
    ["GET", "/%zz"],
    ["POST", "/api/v1/events"],
  ] as const) {
    t.equal((await app.inject({ method, url, headers })).headers["x-request-id"], "here", `${method} ${url}`);
  }
});

test("an error's details have the id where the client gave one, and where the server is at fault", async (t) => {
  const { app } = serve(t);
  const detailsOf = async (url: string, headers = {}) => (await app.inject({ url, headers })).json().details;
  t.same(await detailsOf(UNKNOWN), { ensemble_name: "pump" });
  t.same(await detailsOf(UNKNOWN, { "x-request-id": "mine" }), { ensemble_name: "pump", request_id: "mine" });
  t.match(await detailsOf(FAULTY), { request_id: /^req_/ });
});

test("what is logged of a fault can be matched with what the client was told", async (t) => {
  const { app, lines } = serve(t);
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const reply = await app.inject({ url: FAULTY, headers: { traceparent } });
  t.equal(lines.length, 1);
  t.match(lines[0], {
    request_id: reply.json().details.request_id,
    trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
    error_code: reply.json().error_code,
    msg: reply.json().message,
    err: { message: "a secret of ours" },
  });
  t.notMatch(reply.body, "secret");
});

test("a traceparent that is none leaves no trace", async (t) => {
  const { app, lines } = serve(t);
  const zeros = `00-${"0".repeat(32)}-00f067aa0ba902b7-01`;
  for (const traceparent of ["", "00-short-00f067aa0ba902b7-01", zeros, `ff-${"a".repeat(32)}-${"b".repeat(16)}-01`])
    await app.inject({ url: FAULTY, headers: { traceparent } });
  t.equal(lines.length, 4);
  t.notOk(lines.some((line) => "trace_id" in line));
});

test("a reply leaves a line at level debug only, with its route and not its query", async (t) => {
  const { app, lines } = serve(t, "debug");
  await app.inject({ url: "/api/v1/ensemble/pump/info?secret=1", headers: { "x-request-id": "r1" } });
  t.match(
    lines.filter(({ msg }) => msg === "answered"),
    [
      {
        level: 20,
        request_id: "r1",
        route: "/api/v1/ensemble/:name/info",
        status: 404,
        error_code: "ENSEMBLE_NOT_FOUND",
      },
    ],
  );
  t.notMatch(JSON.stringify(lines), "secret");
  const quiet = serve(t, "info");
  await quiet.app.inject("/health");
  t.same(quiet.lines, []);
});
