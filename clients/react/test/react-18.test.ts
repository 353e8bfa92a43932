// The oldest React that is supported, in a real Chromium against the real server.
import t from "tap";
import { stageTests } from "./support/stage.js";

const test = await stageTests(t, {}, 18);

await test("React 18: live, rendered for what is read, and over", async (t, stage, { server, page }) => {
  const publish = (type: string, data: object = {}) => server.call("/events", { topic: "task.p.t", type, data });
  await publish("task_started");
  await stage.show({ scene: "Selected", props: { projectId: "p", taskId: "t" }, isStrict: true });
  await stage.until({ connection: "live", status: "running" });
  await publish("step_progress", { progress: 42 });
  await stage.until({ progress: 42 }, "selected");
  t.equal(stage.sent("subscribe", "task.p.t"), 1);
  await publish("task_completed");
  await stage.until({ connection: "ended", status: "completed" });
  await stage.show({ scene: "Everything", props: { experimentId: "none" } });
  await page.getByRole("meter", { name: "Memory" }).waitFor();
  await page.getByText("No run of this name has begun yet.").waitFor();
});
