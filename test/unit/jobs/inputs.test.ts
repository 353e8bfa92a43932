// Files that evaluations take and refuse: named by a path, and uploaded.

import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "tap";
import { bench, COMPLETED, FAILED, filesOf, refusal, request } from "./support.js";

test("a file that is no CSV of the ensemble is refused before it is queued", async (t) => {
  const it = await bench(t);
  const long = "x".repeat(1_100_000);
  for (const [file, code, text, choices] of [
    ["a,c\n1,2\n", "MISSING_SIGNALS", /'b'.*2 columns/, {}],
    ["a;b\n1;2\n", "MISSING_SIGNALS", /'a', 'b'.*1 column; columns are separated by commas/, {}],
    ["a,b,a\n1,2,3\n", "INVALID_MESSAGE", /two columns "a"/, {}],
    ["", "INVALID_MESSAGE", /no header/, {}],
    ["\n\n\n", "INVALID_MESSAGE", /no header/, {}],
    [long, "INVALID_MESSAGE", /record 1 is longer than 1048576 bytes/, {}],
    [",".repeat(2_000_000), "INVALID_MESSAGE", /record 1 is longer/, {}],
    [`"a,b\n${"1,2\n".repeat(300_000)}`, "INVALID_MESSAGE", /record 1 is longer/, {}],
    ['a,"b', "INVALID_MESSAGE", /no CSV: .*[Qq]uote/, {}],
    [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0xfe, 10, 0, 0, 10]), "INVALID_MESSAGE", /first line is no text/, {}],
    [Buffer.from("a,b\n1,2\n", "utf16le"), "INVALID_MESSAGE", /first line is no text/, {}],
    ["a,b\n1,2\n", "INVALID_MESSAGE", /no column "when"/, { timeColumn: "when" }],
    ["a,b\n1,2\n", "ENSEMBLE_NOT_FOUND", /other/, { ensembleName: "other" }],
    ["a,b\n1,2\n", "MISSING_ENSEMBLE", /ensemble_name/, { ensembleName: undefined }],
    ["a,b\n1,2\n", "UNKNOWN_SIGNALS", /z/, { manualBoostSignals: { z: true } }],
    ["a,b\n1,2\n", "INVALID_MESSAGE", /path is missing/, { path: undefined }],
  ] as const) {
    const path = it.put("wrong.csv", file);
    t.match(await refusal(it.evaluations.start(request({ path, ...choices }))), { code, message: text });
  }
  t.same([it.evaluations.list(), it.book.events], [[], []]);
});

test("a file that turns out wrong behind its header fails with a reason and leaves no result", async (t) => {
  const it = await bench(t, { limits: { maxQueuedEvaluations: 8 } });
  for (const [file, errorCode, text] of [
    ["a,b\n", 5, /no rows/],
    ["a,b\nx,1\n2,\n", 12, /none of the file's 2 rows is a reading: row 1: a is no number; row 2: b is no number/],
    [`a,b\n${"1,2\n".repeat(5000)}1,${"3".repeat(1_200_000)}`, 1, /record 5002 is longer/],
    [`a,b\n${"1,2\n".repeat(5000)}1,"3`, 1, /no CSV: .*[Qq]uote/],
  ] as const) {
    const evaluation = await it.evaluations.start(request({ path: it.put(`wrong${errorCode}.csv`, file) }));
    t.equal(await it.book.end(evaluation.topic), FAILED);
    t.match(evaluation, { status: FAILED, message: text, error: { errorCode, message: text }, resultBytes: undefined });
    t.same(filesOf(it, evaluation.id), ["evaluation.json"]);
    t.throws(() => it.evaluations.result(evaluation.id), { code: "INVALID_TRANSITION", message: /no result: / });
  }
});

test("a path never leaves the data directory and names regular files only", async (t) => {
  const it = await bench(t);
  const outside = join(it.dataDir, "..", "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret.csv"), "a,b\n1,2\n");
  it.put("sub folder/in (1).csv", "a,b\n1,2\n");
  symlinkSync(join(outside, "secret.csv"), join(it.dataDir, "link.csv"));
  symlinkSync(outside, join(it.dataDir, "linked"));
  symlinkSync("nowhere", join(it.dataDir, "dangling.csv"));
  symlinkSync("loop.csv", join(it.dataDir, "loop.csv"));
  symlinkSync("sub folder/in (1).csv", join(it.dataDir, "inside.csv"));
  execFileSync("mkfifo", [join(it.dataDir, "pipe.csv")]);
  for (const path of [
    "../outside/secret.csv",
    "sub folder/../../outside/secret.csv",
    "..\\outside\\secret.csv",
    join(outside, "secret.csv"),
    "/etc/passwd",
    "C:\\secret.csv",
    "link.csv",
    "linked/secret.csv",
    "dangling.csv",
    "loop.csv",
    "missing.csv",
    "sub folder/in (1).csv/x",
    "sub folder",
    "",
    ".",
    "..",
    "pipe.csv",
    "a\0b.csv",
    "x".repeat(1024),
  ]) {
    t.equal(
      (await refusal(it.evaluations.start(request({ path })))).code,
      "INVALID_PATH",
      JSON.stringify(path.slice(0, 60)),
    );
  }
  for (const path of ["sub folder/in (1).csv", "./sub folder//in (1).csv", "inside.csv"]) {
    const { topic } = await it.evaluations.start(request({ path }));
    t.equal(await it.book.end(topic), COMPLETED, path);
  }
});

test("no path leads into a folder of the server's own", async (t) => {
  const it = await bench(t);
  const names = ["events/segment.0000000001-lock", "access/minting.key", "evaluations/0/result.csv", "events.part/x"];
  for (const name of names) it.put(name, "a,b\n1,2\n");
  symlinkSync("events", join(it.dataDir, "log"));
  symlinkSync("../evaluations/0/result.csv", join(it.dataDir, "access/link.csv"));
  mkdirSync(join(it.dataDir, "inputs"));
  symlinkSync("../evaluations/0/result.csv", join(it.dataDir, "inputs/link.csv"));
  for (const path of [
    ...names,
    "./events//segment.0000000001-lock",
    "log/segment.0000000001-lock",
    "inputs/link.csv",
  ]) {
    const refused = await refusal(it.evaluations.start(request({ path })));
    t.match(refused, { code: "INVALID_PATH", message: /server's own: put the file into another/ }, path);
  }
});

test("an uploaded file is evaluated and not kept", async (t) => {
  const it = await bench(t);
  const upload = await it.evaluations.receive();
  await upload.write(Readable.from([Buffer.from("a,b,y\n1,"), Buffer.from("2,3\n")]));
  const evaluation = await it.evaluations.start(request({}), upload, "../../etc/passwd");
  await upload[Symbol.asyncDispose]();
  t.equal(await it.book.end(evaluation.topic), COMPLETED);
  t.match(evaluation, { rows: 1, fileName: "../../etc/passwd", path: undefined, inputBytes: 12 });
  t.same(filesOf(it, evaluation.id), ["evaluation.json", "result.csv"]);
});

test("an upload that is too large, breaks off or is refused leaves nothing behind and frees its place", async (t) => {
  const it = await bench(t, { limits: { maxEvaluations: 1, maxQueuedEvaluations: 0, maxUploadBytes: 100 } });
  const room = async <T>(
    work: (upload: Awaited<ReturnType<typeof it.evaluations.receive>>) => Promise<T>,
  ): Promise<T> => {
    await using upload = await it.evaluations.receive();
    return await work(upload);
  };
  const rows = "a,b\n".padEnd(101, "1,2\n");
  t.match(await refusal(room((upload) => upload.write(Readable.from([Buffer.from(rows)])))), {
    code: "FRAME_TOO_LARGE",
    message: "larger than 100 bytes",
  });
  await t.rejects(
    room((upload) =>
      upload.write(
        Readable.from(
          (function* () {
            yield Buffer.from("a,b\n");
            throw new Error("the client is gone");
          })(),
        ),
      ),
    ),
    { message: "the client is gone" },
  );
  const written = (text: string) => async (upload: Awaited<ReturnType<typeof it.evaluations.receive>>) => {
    await upload.write(Readable.from([Buffer.from(text)]));
    return it.evaluations.start(request({}), upload);
  };
  t.match(await refusal(room(written("a,c\n1,2\n"))), { code: "MISSING_SIGNALS" });
  t.match(await refusal(room((upload) => it.evaluations.start(request({}), upload))), { message: "file is missing" });
  t.match(await refusal(room((upload) => it.evaluations.start(request({ path: "x.csv" }), upload))), {
    message: "not both",
  });
  t.same(filesOf(it, ""), []);
  const evaluation = await room(written("a,b\n1,2\n".padEnd(100, " ")));
  t.equal(await it.book.end(evaluation.topic), COMPLETED);
});

test("an upload takes a place from its first byte", async (t) => {
  const it = await bench(t, { limits: { maxEvaluations: 1, maxQueuedEvaluations: 0 } });
  const upload = await it.evaluations.receive();
  const error = await it.evaluations.receive().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  t.match(error, { code: "OVERLOADED", retryAfterMs: 5000, details: { evaluations: 1, limit: 1 } });
  await upload[Symbol.asyncDispose]();
  await (await it.evaluations.receive())[Symbol.asyncDispose]();
});
