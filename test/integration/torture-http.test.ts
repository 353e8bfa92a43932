// A short storm of bad HTTP requests, with a fixed seed; `npm run torture -- --only http` has the long one.
import { test } from "tap";
import { runHttp } from "../torture/http/index.js";
import { quietly } from "../torture/lib/quietly.js";

const REQUESTS = 3_000;

test("bad HTTP requests: each whole one is answered once, and nobody reads or writes outside", async (t) => {
  const { findings, figures } = await runHttp(quietly(1, "http"), REQUESTS);
  t.same(findings, []);
  t.ok(Number(figures.requests_answered) > 500, `${figures.requests_answered} answered: ${figures.statuses}`);
});
