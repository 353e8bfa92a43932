// One client's faults, and what the others notice of them: nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Test, test } from "tap";
import type { StreamStats } from "../../generated/ts/tidewire/v1/http.js";
import { PACKAGE_ROOT } from "../../src/config/index.js";
import {
  bytesOf,
  codeOf,
  config,
  expect,
  floats,
  floatsOf,
  infer,
  ping,
  predict,
  predictBatch,
} from "./support/frames.js";
import { ENCODINGS, Peer } from "./support/peer.js";
import { serve } from "./support/serve.js";

const HOSTILE_CLIENT = fileURLToPath(new URL("./support/hostile-client.ts", import.meta.url));

/** Asks until the server counts as many connections; each answer comes a round trip later. */
async function connections(url: string, count: number): Promise<void> {
  for (;;) {
    const reply = await fetch(`${url}/api/v1/inference/stream/stats`);
    const stats = (await reply.json()) as { active_connections: StreamStats["activeConnections"] };
    if (stats.active_connections === count) return;
  }
}

/** Readings whose predictions are known: x = 2a + 1, y = b, z = a. */
async function streamReadings(peer: Peer, isOver: () => boolean): Promise<number> {
  let readings = 0;
  while (!isOver()) {
    const asked = Array.from({ length: 20 }, async (_, i) => {
      const a = readings + i;
      const { values } = expect(await peer.ask(predict({ values: [a, 3] })), "prediction");
      if (values.join() !== [2 * a + 1, 3, a].join()) throw new Error(`the prediction of ${a} is ${values}`);
    });
    const rows = Float32Array.from({ length: 20 }, (_, i) => readings + (i >> 1));
    const batch = expect(await peer.ask(predictBatch({ matrix: bytesOf(rows) })), "predictionBatch");
    if (floatsOf(batch.matrix)[2] !== readings) throw new Error("a batch has another's predictions");
    await Promise.all(asked);
    readings += 20;
  }
  return readings;
}

async function startHostileClient(t: Test, url: string): Promise<{ kill(): void }> {
  const child = spawn(process.execPath, ["--import=./tools/typescript.mjs", HOSTILE_CLIENT, url], {
    cwd: PACKAGE_ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return { kill: () => child.kill("SIGKILL") };
}

for (const executor of ["inline", "worker"] as const) {
  test(`${executor}: clients killed in mid-batch take nobody's answers along`, async (t) => {
    const modelSettings = { ensemble_narrow: { executor } };
    const { url } = await serve(t, { models: ["ensemble_narrow"], modelSettings, flags: { maxInFlight: "4096" } });
    const peers = await Promise.all([...ENCODINGS, ...ENCODINGS].map((encoding) => Peer.connect(t, url, encoding)));
    for (const peer of peers) await peer.ask(config("ensemble_narrow"));
    let isOver = false;
    const streams = Promise.all(peers.map((peer) => streamReadings(peer, () => isOver)));
    const hostile = await Promise.all([1, 2, 3].map(() => startHostileClient(t, url)));
    for (const client of hostile) client.kill();
    await connections(url, peers.length);
    isOver = true;
    const readings = await streams;
    t.ok(
      readings.every((count) => count > 0),
      `every answer came: ${readings}`,
    );
  });

  test(`${executor}: of good and bad requests in one batch, only the bad fail`, async (t) => {
    const { url } = await serve(t, { models: ["faulty"], modelSettings: { faulty: { executor } } });
    const peers = await Promise.all([...ENCODINGS, ...ENCODINGS].map((encoding) => Peer.connect(t, url, encoding)));
    for (const peer of peers) await peer.ask(config("faulty"));
    const isBad = (n: number): boolean => n % 13 === 5;
    const asked = peers.flatMap((peer, p) =>
      Array.from({ length: 100 }, async (_, n) => {
        const first = isBad(n + p) ? 50 : n % 10;
        const values = [first, n, p];
        const isBatch = n % 3 === 0;
        const reply = await peer.ask(
          isBatch ? predictBatch({ matrix: bytesOf(Float32Array.from([1, 1, 1, ...values])) }) : predict({ values }),
        );
        if (isBad(n + p)) return t.equal(codeOf(reply), "PREDICTION_ERROR", `${n} of ${p}`);
        const wanted = [first + n, 10 * first + p];
        if (isBatch) return t.same([...floatsOf(expect(reply, "predictionBatch").matrix)], [2, 11, ...wanted]);
        return t.same(expect(reply, "prediction").values, wanted);
      }),
    );
    await Promise.all(asked);
  });
}

test("an output of fewer rows than went in is an error, not other people's memory", async (t) => {
  const { url } = await serve(t, { models: ["filtering"] });
  const peer = await Peer.connect(t, url, "proto");
  await peer.ask(config("filtering"));
  const [lost, kept] = await Promise.all([
    peer.ask(predict({ values: [-1, 2] })),
    peer.ask(predict({ values: [1, 2] })),
  ]);
  t.equal(codeOf(lost), "PREDICTION_ERROR");
  t.match(expect(lost, "error").message, /expected an output of \[1, 2\], came \[0, 2\]/);
  t.same(expect(kept, "prediction").values, [1, 2]);
});

test("tensor runs that throw leave rows of others alone", async (t) => {
  const { url } = await serve(t, { models: ["faulty"] });
  const [rows, tensors] = await Promise.all([Peer.connect(t, url, "proto"), Peer.connect(t, url, "json")]);
  await rows.ask(config("faulty"));
  const asked = Array.from({ length: 50 }, async (_, i) => {
    const [bad, good] = await Promise.all([
      tensors.ask(infer("faulty", [floats("readings", [1, 3], [99, 0, 0])])),
      rows.ask(predict({ values: [1, i, i] })),
    ]);
    t.equal(codeOf(bad), "PREDICTION_ERROR");
    t.same(expect(good, "prediction").values, [1 + i, 10 + i]);
  });
  await Promise.all(asked);
});

test("a request that waits too long is told, and the others are answered", async (t) => {
  const { url } = await serve(t, { models: ["slow"] });
  const [first, second] = await Promise.all([Peer.connect(t, url, "proto"), Peer.connect(t, url, "json")]);
  await Promise.all([first.ask(config("slow")), second.ask(config("slow"))]);
  const values = Array(8).fill(1);
  const running = first.ask(predict({ values }));
  expect(await first.ask(ping), "pong"); // the run has begun, or begins with this turn
  const late = second.ask(predict({ values, timeoutMs: 1 }));
  const patient = second.ask(predict({ values, timeoutMs: 60_000 }));
  expect(await running, "prediction");
  expect(await patient, "prediction");
  const reply = await late;
  t.equal(codeOf(reply), "DEADLINE_EXCEEDED");
  t.match(expect(reply, "error"), { message: /deadline passed after \d+ ms in the queue/, retryable: true });
});
