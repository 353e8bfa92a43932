// `tidewire watch` as people and scripts run it, against whole servers.

import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "tap";
import { begin, commandsOf, log, MEMORY, publish, start } from "./support/commands.js";
import { Peer } from "./support/peer.js";
import { StreamReader } from "./support/rest.js";
import { serve } from "./support/serve.js";

const ESC = "\u001b[";

test("watch --json writes the server's own frames, the state first", async (t) => {
  const { url, rest, tidewire } = await start(t);
  const { stdout, stderr, status, interrupt } = tidewire(["watch", "training.*", "task.>", "--json"]);
  await stdout.until("snapshot");
  // The same over Server-Sent Events, which are JSON on the wire already.
  const stream = await StreamReader.open(t, url, "topic=training.*&topic=task.>&snapshot=true");
  const [, , snapshot] = await stream.take(3);
  await log(rest, "a\nb");
  await rest("POST", "/training/logs/r/metrics", { epoch: 1, metrics: { loss: "NaN", "val/acc": 0.5 } });
  await publish(rest, "task.p.t", "task_started", { details: { gpu: [1, null] } });
  await stdout.until("task_started");
  const frames = (await stream.take(3)).map(({ frame }) => frame);
  t.same(stdout.json, [snapshot?.frame, ...frames]);
  t.match(stdout.text, '"timestamp":"2025-12-15T10:30:00.123456Z"', "no digit is lost");
  await interrupt();
  t.equal(await status, undefined);
  t.equal(stderr.text, "");
});

test("watch without a terminal writes a readable line an event", async (t) => {
  for (const [env, isTTY] of [
    [{}, false],
    [{ TERM: "dumb" }, true],
    [{ TERM: "xterm", NO_COLOR: "1" }, true],
  ] as const) {
    const { rest, tidewire } = await start(t);
    const { stdout, status, interrupt } = tidewire(["watch", "training.r"], env, isTTY);
    await stdout.until("snapshot");
    await log(rest, "hello");
    await rest("POST", "/training/logs/r/metrics", { epoch: 1, metrics: { loss: 0.25 } });
    await stdout.until("metrics");
    await interrupt();
    t.equal(await status, undefined);
    const [first = "", ...others] = stdout.lines;
    t.match(first, /^\d{4}-.*Z training\.r snapshot running$/);
    t.equal(others[0], "2025-12-15T10:30:00.123Z training.r log INFO hello");
    t.match(others[1], /Z training\.r metrics epoch 1 {2}loss 0\.25$/);
    t.notMatch(stdout.text, ESC);
  }
});

test("watch on a terminal draws, follows its size, and gives it back", async (t) => {
  const { rest, tidewire } = await start(t);
  const { stdout, status, interrupt } = tidewire(["watch", "training.*"], { TERM: "xterm" }, true);
  await stdout.until("running");
  t.ok(stdout.text.startsWith(`${ESC}?1049h${ESC}?25l`), "another screen, no cursor");
  await publish(rest, "training.r", "progress", { progress: 40, step: 4, total_steps: 10 });
  await log(rest, "hello");
  await stdout.until("40.0%");
  await stdout.until("hello");
  t.match(stdout.text, `${ESC}32mconnected`);
  const before = stdout.text.length;
  Object.assign(stdout, { columns: 50, rows: 10 }).emit("resize");
  await stdout.until("hello", before);
  const redrawn = stdout.text.slice(before).split(`${ESC}2J`)[1] ?? "";
  t.match(redrawn, /running .*training\.r .*40\.0% {2}step 4\/10/, "all is drawn anew");
  t.notMatch(redrawn, new RegExp(`${ESC.replace("[", "\\[")}1[1-9];1H`), "nothing below the last line");
  await interrupt();
  t.equal(await status, undefined);
  t.ok(stdout.text.endsWith(`${ESC}?25h${ESC}?1049l`), "the screen and the cursor come back");
});

test("watch --types and --level tell what is wanted, in history and live", async (t) => {
  const { rest, tidewire } = await start(t);
  const say = (level: string) => rest("POST", "/training/logs/r/log", { level, message: level });
  for (const level of ["DEBUG", "ERROR"]) await say(level);
  await rest("POST", "/training/logs/r/metrics", { metrics: { loss: 1 } });
  for (const words of [[], ["--json"]]) {
    const watched = tidewire([
      "watch",
      "training.r",
      "--from-start",
      "--types",
      "log,metrics",
      "--level",
      "warning",
      ...words,
    ]);
    await watched.stdout.until("snapshot");
    await say("INFO");
    await say("CRITICAL");
    await watched.stdout.until(/CRITICAL.*\n/);
    await watched.interrupt();
    const found = watched.stdout.text.match(/DEBUG|INFO|ERROR|CRITICAL|snapshot|metrics|status_changed/g);
    const isJson = words.length > 0;
    // A state tells the last line, and counts by type.
    const known = (found ?? []).filter((word, i, all) => !isJson || all.indexOf(word) === i);
    t.match(known.join(" "), /^ERROR (message )?.*metrics.*snapshot/);
    t.notMatch(found?.join(" "), "DEBUG");
    await rest("DELETE", "/training/logs/r");
    await begin(rest, "r");
    for (const level of ["DEBUG", "ERROR"]) await say(level);
    await rest("POST", "/training/logs/r/metrics", { metrics: { loss: 1 } });
  }
});

test("watch --from-start tells everything once, in order, while events come", async (t) => {
  const { url, rest, tidewire } = await start(t);
  const peer = await Peer.connect(t, url, "json");
  let sent = 0;
  let isOver = false;
  /** Publishes without a pause, so that some events fall between the history and the subscription. */
  const publishing = (async () => {
    while (!isOver) {
      const value = {
        topic: "training.r",
        timestamp: undefined,
        kind: { $case: "progress" as const, value: { details: undefined, step: sent } },
      };
      await peer.ask({ $case: "publish", value });
      sent += 1;
    }
  })();
  await log(rest, ...Array.from({ length: 2500 }, (_, i) => `${i}`));
  const one = tidewire(["watch", "training.r", "--from-start", "--json"]);
  const many = tidewire(["watch", "training.*", "--from-start", "--json"]);
  const lines = tidewire(["watch", "training.r", "--from-start"]);
  for (const { stdout } of [one, many, lines]) {
    await stdout.until("snapshot");
    const { length } = stdout.text;
    await stdout.until(/progress[^\n]*\n[^\n]*progress[^\n]*\n/, length);
  }
  isOver = true;
  await publishing;
  for (const watched of [one, many, lines]) await watched.interrupt();
  for (const { stdout } of [one, many]) {
    const offsets = stdout.json.filter(({ type }) => type !== "snapshot").map(({ offset }) => offset as number);
    t.ok(offsets.length > 2503, `${offsets.length} events`);
    t.same(
      offsets,
      offsets.map((_, i) => i + 1),
      "from 1, without a gap, none twice",
    );
  }
  const steps = lines.stdout.lines.flatMap((line) => / progress step (\d+)/.exec(line)?.[1] ?? []).map(Number);
  t.same(
    steps,
    steps.map((_, i) => i),
  );
  t.equal(lines.stdout.lines.filter((line) => line.includes(" log INFO ")).length, 2500);
});

test("watch --since goes on after a position, and says where that cannot be", async (t) => {
  const { rest, tidewire } = await start(t);
  const { body } = await log(rest, "1", "2", "3");
  const [first] = body.positions as unknown as { generation: number; offset: number }[];
  const since = `${first?.generation}-${first?.offset}`;
  const watched = tidewire(["watch", "training.r", "--since", since, "--json"]);
  await watched.stdout.until("snapshot");
  t.match(watched.stdout.json, [{ data: { message: "2" } }, { data: { message: "3" } }, { type: "snapshot" }]);
  await watched.interrupt();
  for (const position of [`${first?.generation}-99`, "1-1"]) {
    const [generation, offset] = position.split("-").map(Number);
    const lost = tidewire(["watch", "training.r", "--since", position, "--json"]);
    await lost.stdout.until("snapshot");
    t.match(lost.stdout.json, [
      { type: "gap", data: { topic: "training.r", generation, from_offset: offset, reason: "position_lost" } },
      { type: "snapshot", data: { topic: "training.r", offset: 5 } },
    ]);
    await lost.interrupt();
  }
});

test("watch resumes when the server has been restarted on the same data", async (t) => {
  const { url, server, rest } = await start(t, {});
  const { tidewire } = commandsOf(t, url);
  const frames = tidewire(["watch", "training.r", "--json"]);
  const lines = tidewire(["watch", "training.*"]);
  const screen = tidewire(["watch", "training.r"], { TERM: "xterm" }, true);
  for (const { stdout } of [frames, lines]) await stdout.until("snapshot");
  await screen.stdout.until("running");
  await log(rest, "before");
  for (const { stdout } of [frames, lines, screen]) await stdout.until("before");
  await server.close();
  for (const { stderr } of [frames, lines]) await stderr.until("reconnecting: ");
  await screen.stdout.until("reconnecting for");
  await serve(t, { models: `${t.testdirName}`, flags: { port: new URL(url).port } });
  await log(rest, "after");
  for (const { stdout } of [frames, lines, screen]) await stdout.until("after");
  for (const { stderr } of [frames, lines]) await stderr.until("connected again: nothing was missed");
  await screen.stdout.until("resumed, nothing missed");
  for (const watched of [frames, lines, screen]) await watched.interrupt();
  t.match(frames.stdout.json, [{ type: "snapshot" }, { data: { message: "before" } }, { data: { message: "after" } }]);
  t.equal(frames.stdout.json.length, 3, "no state in between: nothing was missed");
  t.equal(lines.stdout.lines.length, 3);
});

test("a gap is said aloud", async (t) => {
  const { url, server, rest } = await start(t);
  const { tidewire } = commandsOf(t, url);
  const frames = tidewire(["watch", "training.r", "--json"]);
  const lines = tidewire(["watch", "training.r"]);
  for (const { stdout } of [frames, lines]) await stdout.until("snapshot");
  await log(rest, "before");
  for (const { stdout } of [frames, lines]) await stdout.until("before");
  await server.close();
  // In memory only: the new server knows nothing of before.
  await serve(t, { models: `${t.testdirName}`, flags: { ...MEMORY, port: new URL(url).port } });
  await begin(rest, "r");
  await lines.stdout.until("gap");
  for (const { stdout } of [frames, lines]) await stdout.until("snapshot", stdout.text.indexOf("before"));
  for (const watched of [frames, lines]) await watched.interrupt();
  t.match(lines.stdout.text, "training.r gap what happened meanwhile is not known: the position is lost");
  const types = frames.stdout.json.map(({ type }) => type);
  t.same(
    types.slice(0, 4),
    ["snapshot", "log", "subscribed", "snapshot"],
    "the frame that says it: recovered is false",
  );
  t.match(frames.stdout.json[2], { data: { topic: "training.r", recovered: false } });
});

test("watch --exit ends with the topic, with its status", async (t) => {
  const { rest, tidewire, done } = await start(t);
  const setStatus = (status: string, message?: string) => rest("PUT", "/training/logs/r/status", { status, message });
  const good = tidewire(["watch", "training.r", "--exit", "--json"]);
  const screen = tidewire(["watch", "training.r", "--exit"], { TERM: "xterm" }, true);
  await good.stdout.until("snapshot");
  await screen.stdout.until("running");
  await setStatus("completed", "all done");
  t.equal(await good.status, undefined);
  t.match(good.stdout.json.at(-1), { type: "status_changed", data: { status: "completed" } });
  t.equal(await screen.status, undefined);
  t.ok(screen.stdout.text.endsWith(`${ESC}?1049ltraining.r completed: all done\n`), "what stays on the terminal");
  t.match(
    await done("watch", "training.r", "--exit"),
    { status: undefined, output: /snapshot completed/ },
    "it has ended already",
  );

  for (const [type, data, status, message] of [
    ["task_failed", { error: "no\nmemory" }, 1, /^tidewire: task\.p\.\w+ failed: no memory\n$/],
    ["task_cancelled", { reason: "enough" }, 1, /^tidewire: task\.p\.\w+ stopped: enough\n$/],
    ["task_completed", {}, undefined, /^$/],
  ] as const) {
    await publish(rest, `task.p.${type}`, "task_started");
    const watched = tidewire(["watch", `task.p.${type}`, "--exit"]);
    await watched.stdout.until("snapshot");
    await publish(rest, `task.p.${type}`, type, data);
    t.equal(await watched.status, status, type);
    t.match(watched.stderr.text, message);
  }
  await publish(rest, "container.p.c", "container_started");
  const container = tidewire(["watch", "container.p.c", "--exit"]);
  await container.stdout.until("snapshot");
  await publish(rest, "container.p.c", "container_stopped", { exit_code: 3 });
  t.equal(await container.status, 1);
  t.match(container.stderr.text, "container.p.c stopped with exit code 3");
});

test("lines end when each topic that was named has ended", async (t) => {
  const { rest, tidewire } = await start(t);
  await publish(rest, "task.p.t", "task_started");
  const { stdout, status } = tidewire(["watch", "training.r", "task.p.t"]);
  await stdout.until("task.p.t snapshot");
  await rest("PUT", "/training/logs/r/status", { status: "failed" });
  await publish(rest, "task.p.t", "task_completed");
  t.equal(await status, undefined);
  t.match(stdout.lines.at(-1), "task_completed");
});

test("overlapping patterns tell each event once", async (t) => {
  const { rest, tidewire } = await start(t);
  const { stdout, interrupt } = tidewire(["watch", "training.*", ">", "training.r"]);
  await stdout.until("snapshot");
  await log(rest, "1", "2");
  await stdout.until("INFO 2");
  await interrupt();
  t.equal(stdout.text.match(/INFO 1/g)?.length, 1);
  t.equal(stdout.text.match(/INFO 2/g)?.length, 1);
  t.equal(stdout.text.match(/snapshot/g)?.length, 1);
});

test("where WebSocket does not come through, events come over HTTP", async (t) => {
  const { url, rest } = await start(t);
  // A proxy that hands on requests and refuses upgrades.
  const proxy = createServer((incoming, outgoing) => {
    const { method, headers, url: path } = incoming;
    const onward = request(`${url}${path}`, { method, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(outgoing);
    });
    outgoing.on("close", () => onward.destroy());
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  }).listen(0, "127.0.0.1");
  proxy.on("upgrade", (_, socket) => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
  t.teardown(() => proxy.close().closeAllConnections());
  await once(proxy, "listening");
  const { tidewire } = commandsOf(t, `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  const { stdout, stderr, interrupt } = tidewire(["watch", "training.r"]);
  await stdout.until("snapshot running");
  await log(rest, "hello");
  await stdout.until("log INFO hello");
  t.match(stderr.text, /^tidewire: reconnecting: .*\ntidewire: connected over HTTP\n$/s);
  await interrupt();
});
