// What lies in the data folder of a running server: for its own user alone, and no client's to write into.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { test } from "tap";
import { config, expect, predict } from "./support/frames.js";
import { Peer } from "./support/peer.js";
import { serve } from "./support/serve.js";

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test("a data folder that the server makes is for its user alone, and so are its folders in it", async (t) => {
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  const dataDir = join(t.testdir({}), "data");
  const { url } = await serve(t, { models: ["ensemble_narrow"], flags: { dataDir } });
  const form = new FormData();
  form.append("ensemble_name", "ensemble_narrow");
  form.append("file", new Blob(["a,b\n1,2\n"]), "x.csv");
  t.equal((await fetch(`${url}/api/v1/evaluations`, { method: "POST", body: form })).status, 202);
  t.same(
    [".", "events", "evaluations"].map((name) => modeOf(join(dataDir, name))),
    ["700", "700", "700"],
  );
});

test("what an earlier server left open is closed at the start, and an open data folder is told of", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "tidewire-own-"));
  t.teardown(() => rmSync(dataDir, { recursive: true }));
  const lines: string[] = [];
  for (const path of [dataDir, join(dataDir, "events"), join(dataDir, "evaluations")]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
  }
  const log = pino({ level: "info" }, { write: (line) => lines.push(line) });
  await serve(t, { models: ["ensemble_narrow"], flags: { dataDir }, log });
  t.same(
    ["events", "evaluations", "."].map((name) => modeOf(join(dataDir, name))),
    ["700", "700", "755"],
  );
  const told = lines.filter((line) => line.includes("other users of this machine"));
  t.match(
    told.map((line) => JSON.parse(line)),
    [{ data_dir: dataDir, mode: "755" }],
  );
});

test("a history cannot be saved where it would stop the server", async (t) => {
  const { url } = await serve(t, { models: ["ensemble_narrow"] });
  const peer = await Peer.connect(t, url, "proto");
  const { sessionId } = expect(await peer.ask(config("ensemble_narrow")), "configAck");
  await peer.ask(predict({ values: [1, 1] }));
  const post = (path: string, body: object): Promise<Response> =>
    fetch(url + path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  const folders = ["access/minting.key", "events/segment.0000000002", "evaluations/0123456789abcdef", "Events/x"];
  for (const output_dir of folders) {
    const reply = await post("/api/v1/inference/stream/save", { session_id: sessionId, format: "csv", output_dir });
    t.match(await reply.json(), { error_code: "INVALID_PATH", details: { field: "output_dir" } }, output_dir);
  }
  t.notOk(readdirSync(join(t.testdirName, "data")).includes("access"), "nothing was made");
  for (const path of ["events/lock", "events/segment.0000000001-lock"]) {
    const reply = await post("/api/v1/evaluations", { ensemble_name: "ensemble_narrow", path });
    t.match(await reply.json(), { error_code: "INVALID_PATH", details: { field: "path" } }, path);
  }
});
