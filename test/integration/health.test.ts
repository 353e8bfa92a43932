// What a server tells of its own health, and when it takes no work.
import { test } from "tap";
import { inMemory, serveRoutes } from "../unit/http/memory.js";
import { serve } from "./support/serve.js";

interface HealthBody {
  readonly status: string;
  readonly checks: {
    readonly name: string;
    readonly state: string;
    readonly message: string;
    readonly remedy?: string;
  }[];
}

const PARTS = ["server", "models", "event_log", "event_loop", "connections", "disk", "evaluations"];

async function healthOf(url: string, path = "/health/ready"): Promise<HealthBody & { readonly http: number }> {
  const reply = await fetch(url + path);
  return { http: reply.status, ...((await reply.json()) as HealthBody) };
}

test("a server that is well says so of every part, and names no path", async (t) => {
  const { url } = await serve(t, { models: ["small", "slow"] });
  for (const path of ["/health", "/health/live", "/health/ready"]) {
    const { http, status, checks } = await healthOf(url, path);
    t.match({ http, status }, { http: 200, status: "ok" });
    t.same(
      checks.map(({ name }) => name),
      PARTS,
    );
    t.same(
      checks.filter(({ state }) => state === "failing"),
      [],
    );
    t.notMatch(JSON.stringify(checks), /\/(tmp|work|home|var)\b|testdir/);
  }
});

test("broken models: a warning beside good ones; not ready where there are no others", async (t) => {
  const some = await healthOf((await serve(t, { models: ["small", "broken"] })).url);
  t.match(some, { http: 200, status: "ok" });
  t.match(some.checks[1], { name: "models", state: "warning", message: "1 of 2 models could not be loaded." });
  t.test("none", async (t) => {
    const none = await healthOf((await serve(t, { models: ["broken"] })).url);
    t.match(none, { http: 503, status: "failing" });
    t.match(none.checks[1], {
      state: "failing",
      message: "None of 1 models could be loaded.",
      remedy: /ensemble\/list/,
    });
  });
});

test("a server that starts is not ready, and lives", async (t) => {
  const app = serveRoutes(t, {
    ...inMemory(),
    readiness: { state: () => "starting" },
    health: {
      checks: () => [{ name: "server", state: "failing", message: "The server is starting.", remedy: "Wait." }],
    },
  });
  const ready = await app.inject("/health/ready");
  t.match(ready, { statusCode: 503, headers: { "retry-after": "1" } });
  t.match(ready.json(), { status: "starting", checks: [{ state: "failing", remedy: "Wait." }] });
  t.equal((await app.inject("/health/live")).statusCode, 200);
});

test("a part that fails takes the server out of service, and a warning does not", async (t) => {
  const states = ["warning", "failing"] as const;
  const statusOf = async (state: (typeof states)[number]) => {
    const check = { name: "disk", state, message: "7 MiB are free for data.", remedy: "Free some space." };
    const app = serveRoutes(t, { ...inMemory(), health: { checks: () => [check] } });
    return (await app.inject("/health/ready")).statusCode;
  };
  t.same(await Promise.all(states.map(statusOf)), [200, 503]);
});
