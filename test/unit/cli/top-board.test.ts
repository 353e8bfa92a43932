// Which hosts `tidewire top` keeps, and in which order.
import { test } from "tap";
import { type HostLoad, TopBoard } from "../../../src/cli/top-board.js";
import { topLines } from "../../../src/cli/top-screen.js";
import { NOW_MS, plain, told } from "./told.js";

/** Hosts of a page, as the board has it. */
const MAX_HOSTS = 64;
const OWN = { server: { connections: 1 } };

/** A board that is told of hosts, `ms` after three o'clock. */
function scene() {
  const board = new TopBoard("http://127.0.0.1:8000");
  const hear = (node: string, ms: number, load: Partial<HostLoad> = {}) => {
    const bare: HostLoad = { hostname: node, cpu: { cpuUtil: 50, cores: [] }, disks: [], gpus: [] };
    board.event(told(`system.${node}`, "system_stats", { ...bare, ...load }), NOW_MS + ms);
  };
  const order = (ms: number) => board.hosts(NOW_MS + ms).map(({ topic }) => topic.slice("system.".length));
  return { board, hear, order };
}

test("a server that comes back under another name is the host that is shown; the old name goes below", async (t) => {
  const { board, hear, order } = scene();
  for (const ms of [0, 1000]) hear("1a2b3c", ms, OWN);
  for (const ms of [60_000, 61_000, 62_000]) hear("f00d", ms, OWN);
  t.same(order(62_000), ["f00d", "1a2b3c"]);
  const lines = topLines(board, { columns: 80, rows: 20, nowMs: NOW_MS + 62_000 }, plain);
  t.match(lines[1], /^ f00d /);
  t.notMatch(lines.join("\n"), "as it was", "the figures in full are those of now");
  t.match(lines.join("\n"), /^ 1a2b3c +CPU 50\.0% {2}1 min 1 s ago$/m);
});

test("while nothing is heard the own host stays on top, although others tell too seldom to be stale yet", async (t) => {
  const { hear, order } = scene();
  for (const ms of [0, 10_000]) hear("seldom", ms);
  for (const ms of [9_000, 10_000]) hear("vm", ms, OWN);
  t.same(order(20_000), ["vm", "seldom"]);
  t.same(order(60_000), ["vm", "seldom"]);
});

test("hosts that speak stand by their names, and before those that do not, the last heard of these first", async (t) => {
  const { hear, order } = scene();
  hear("a-dead", 0);
  hear("b-dead", 1000);
  for (const node of ["d", "vm", "c"]) hear(node, 9_000, node === "vm" ? OWN : {});
  t.same(order(10_000), ["vm", "c", "d", "b-dead", "a-dead"]);
});

test("a newcomer takes the place of the host that has been silent longest", async (t) => {
  const { hear, order } = scene();
  for (let i = 0; i < MAX_HOSTS; i += 1) hear(`old-${i}`, i);
  hear("old-0", 100);
  hear("vm", 60_000, OWN);
  hear("new", 60_000);
  const kept = order(60_000);
  t.equal(kept.length, MAX_HOSTS);
  t.same(kept.slice(0, 3), ["vm", "new", "old-0"]);
  for (const gone of ["old-1", "old-2"]) t.notOk(kept.includes(gone));
});

test("where all hosts speak a further one is left out, so that none comes and goes; but never the server's own", async (t) => {
  const { hear, order } = scene();
  for (let i = 0; i < MAX_HOSTS; i += 1) hear(`gpu-${i}`, i);
  hear("one-more", 100);
  t.notOk(order(100).includes("one-more"));
  hear("vm", 100, OWN);
  t.equal(order(100)[0], "vm");
  for (let i = 0; i < MAX_HOSTS; i += 1) hear(`gpu-${i}`, 1000 + i);
  t.equal(order(1100)[0], "vm", "and it stays");
  t.equal(order(1100).length, MAX_HOSTS);
});
