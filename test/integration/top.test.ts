// `tidewire top` as people and scripts run it, against whole servers.
import { test } from "tap";
import { commandsOf, MEMORY, publish, start } from "./support/commands.js";
import { config, predict } from "./support/frames.js";
import { Peer } from "./support/peer.js";
import { serve } from "./support/serve.js";

const ESC = "\u001b[";
const FAST = { ...MEMORY, nodeName: "pc", statsIntervalMs: "100", nvidiaSmi: "off" };

test("top --once prints one view of everything and ends", async (t) => {
  const { url } = await serve(t, { models: ["gas_turbine"], flags: FAST });
  const { rest, done } = commandsOf(t, url);
  const peer = await Peer.connect(t, url, "proto");
  await peer.ask(config("gas_turbine"));
  await peer.ask(predict({ values: [23.5, 1013.2, 77.1, 3.9, 25.5] }));
  await rest("POST", "/training/logs/session", { experiment_id: "r", total_epochs: 10 });
  await rest("PUT", "/training/logs/r/status", { status: "running" });
  await publish(rest, "task.p.t", "task_started");
  await publish(rest, "task.p.over", "task_started");
  await publish(rest, "task.p.over", "task_completed");
  const { status, output, errors } = await done("top", "--once");
  t.same([status, errors], [undefined, ""]);
  for (const line of [
    /^ top .* connected$/m,
    /^ CPU .* \d+\.\d%/m,
    /^ Memory .* of [\d.]+ GiB/m,
    /^ Network in /m,
    /^ Server {2}CPU/m,
  ])
    t.match(output, line);
  t.match(output, /^ Sessions 1 {2}1 readings predicted/m);
  t.match(output, /^ gas_turbine {10}1 readings/m);
  t.match(output, /^ Runs, tasks, workflows 2 active {2}1 ended$/m);
  t.match(output, /^ running +task\.p\.t/m);
  t.match(output, /^ running +training\.r/m);
  t.notMatch(output, ESC);
});

test("top without a terminal is one view too", async (t) => {
  const { url } = await serve(t, { models: [], flags: FAST });
  const { status, output } = await commandsOf(t, url).done("top");
  t.equal(status, undefined);
  t.match(output, /^ Runs, tasks, workflows 0 active$/m);
});

test("top --json prints an object a sample: the system as the wire has it, sessions and runs", async (t) => {
  const { rest, tidewire, url } = await start(t, FAST);
  await rest("POST", "/training/logs/r/metrics", { epoch: 3, metrics: { loss: 0.5 } });
  const { stdout, status, interrupt } = tidewire(["top", "--json"]);
  await stdout.until(/(.*\n){4}/);
  await interrupt();
  t.equal(await status, undefined);
  const [, , last] = stdout.json;
  t.match(last, {
    topic: "system.pc",
    timestamp: /Z$/,
    system: {
      cpu: { cpu_util: Number, cores: Array },
      memory: { ram_percent: Number },
      disks: Array,
      gpus: [],
      server: { connections: Number },
    },
    runs: [
      { topic: "training.r", status: "running", epoch: 3, total_epochs: 10, progress: 30, metrics: { loss: 0.5 } },
    ],
  });
  const once = await commandsOf(t, url).done("top", "--json", "--once");
  t.equal(once.output.trim().split("\n").length, 1);
  t.match(JSON.parse(once.output), {
    system: { cpu: { cpu_util: Number } },
    sessions: { total_predictions: 0, connections: [] },
  });
});

test("top on a terminal draws in place, survives the server's restart, and gives the terminal back", async (t) => {
  const first = await serve(t, { models: [], flags: FAST });
  const { tidewire } = commandsOf(t, first.url);
  const { stdout, status, interrupt } = tidewire(["top"], { TERM: "xterm" }, true);
  await stdout.until("predictions/s");
  t.ok(stdout.text.startsWith(`${ESC}?1049h${ESC}?25l`), "another screen, no cursor");
  t.match(stdout.text, `${ESC}32mconnected`);
  let from = stdout.text.length;
  await first.server.close();
  await stdout.until("reconnecting", from);
  await stdout.until("as it was", from);
  from = stdout.text.length;
  await serve(t, { models: [], flags: { ...FAST, port: new URL(first.url).port } });
  await stdout.until(/connected|resumed/, from);
  await stdout.until("predictions/s", from);
  await interrupt();
  t.equal(await status, undefined);
  t.ok(stdout.text.endsWith(`${ESC}?25h${ESC}?1049l`), "the screen and the cursor come back");
});

test("top without a server says how to have one", async (t) => {
  const { tidewire } = commandsOf(t, "http://127.0.0.1:9");
  const { status, stderr } = tidewire(["top"]);
  t.equal(await status, 1);
  t.match(stderr.text, "no server answers at http://127.0.0.1:9: start one with tidewire serve");
});
