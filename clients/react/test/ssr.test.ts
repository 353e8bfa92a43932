// On a server: nothing is asked for, nothing keeps the process alive, and the page that comes to life is the same.
import { writeFileSync } from "node:fs";
import t from "tap";
import type * as Server from "./page/server.js";
import { bundlePage, REACTS, type ReactVersion } from "./support/bundle.js";

/** Nothing listens there, and nothing may ask. */
const NOWHERE = "http://127.0.0.1:9";
const PROPS = {
  topic: "task.p.t",
  label: "Label",
  projectId: "p",
  taskId: "t",
  experimentId: "e",
  pattern: "task.>",
  id: "v",
  workflowId: "w",
  executionId: "x",
  containerId: "c",
  ensembleName: "gas_turbine",
  url: NOWHERE,
};

for (const version of Object.keys(REACTS).map(Number) as ReactVersion[]) {
  t.test(`every hook and component is rendered to text by React ${version}`, async (t) => {
    const place = t.testdir({});
    const file = `${place}/server.mjs`;
    writeFileSync(file, await bundlePage("server.tsx", "node", version));
    const timers = () => process.getActiveResourcesInfo().filter((name) => /Timeout|TCP/.test(name)).length;
    const before = timers();
    const { render, scenes } = (await import(file)) as typeof Server;
    for (const scene of scenes) t.type(render(scene, PROPS, NOWHERE), "string", scene);
    t.equal(timers(), before, "no timer and no connection is left");
    const bar = render("ProgressBar", { label: "Import", value: 42 }, NOWHERE);
    t.match(bar, /role="progressbar"/);
    t.match(bar, /aria-valuenow="42"/);
    t.match(render("Task", PROPS, NOWHERE), /connecting/);
    t.match(render("Task", {}, NOWHERE), /idle/);
  });
}
