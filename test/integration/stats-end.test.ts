// The server's end while the child that tells of GPUs does not end.
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { test } from "tap";
import { makeUnkillable } from "../unit/stats/unkillable.js";
import { publish } from "./support/commands.js";
import { restOf } from "./support/rest.js";
import { serve } from "./support/serve.js";

test("a child that cannot be killed holds up neither the log's end nor, for long, the server's", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tidewire-smi-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [program, noted] = [join(folder, "nvidia-smi"), join(folder, "pid")];
  writeFileSync(program, `#!/bin/sh\necho $$ > '${noted}'\nexec sleep 60\n`);
  chmodSync(program, 0o755);
  const isLocked = () => existsSync(join(folder, "data/events/lock"));
  const left: boolean[] = [];
  const log = pino({ level: "warn" }, { write: (line) => void (/left behind/.test(line) && left.push(isLocked())) });
  const flags = { dataDir: join(folder, "data"), nodeName: "pc", nvidiaSmi: program };
  const { url, server } = await serve(t, { models: [], flags, log });
  await publish(restOf(url), "task.p.t", "task_started");
  const changes = watch(folder);
  await restOf(url)("GET", "/topics/system.pc");
  while (!existsSync(noted) || readFileSync(noted, "utf8") === "") await once(changes, "change");
  changes.close();
  const kill = makeUnkillable(t);
  t.teardown(() => kill(Number(readFileSync(noted, "utf8"))));
  t.ok(isLocked());
  await server.close();
  t.same(left, [false], "the log had been closed before the child was left behind");
  const second = await serve(t, { models: [], flags: { ...flags, nvidiaSmi: "off" } });
  t.equal((await restOf(second.url)("GET", "/topics/task.p.t")).status, 200);
});
