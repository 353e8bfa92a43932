// The plain pages of clients/ts/examples in a browser, with the package as it is packed, from a server of files.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import t, { type Test } from "tap";
import { TidewireClient } from "../../../clients/ts/src/index.js";
import { PACKAGE_ROOT } from "../../../src/config/index.js";
import { violations } from "../support/accessibility.js";
import { SERVER_AWAY } from "../support/guard.js";
import { pageTests } from "../support/pages.js";

const CLIENT = join(PACKAGE_ROOT, "clients/ts");
const INSTALLED = "./node_modules/@tidewire/client/dist/browser/";
const run = promisify(execFile);

/** A folder with the examples and the package beside them, as after `npm install`, served. @returns its address */
async function serveExamples(t: Test): Promise<string> {
  const folder = t.testdir({ node_modules: { "@tidewire": {} } });
  const packed = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout } = await run("npm", packed, { cwd: CLIENT });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await run("tar", ["-xzf", filename], { cwd: folder });
  mkdirSync(join(folder, "node_modules/@tidewire"), { recursive: true });
  renameSync(join(folder, "package"), join(folder, "node_modules/@tidewire/client"));
  copyFileSync(join(CLIENT, "examples/predict.html"), join(folder, "predict.html"));
  const bar = readFileSync(join(CLIENT, "examples/progress-bar.html"), "utf8");
  writeFileSync(join(folder, "progress-bar.html"), bar.replace("../dist/browser/", INSTALLED));

  const files = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://files");
    const type = pathname.endsWith(".html") ? "text/html" : "text/javascript";
    const path = join(folder, pathname);
    if (existsSync(path)) response.writeHead(200, { "content-type": type }).end(readFileSync(path));
    else response.writeHead(pathname === "/favicon.ico" ? 204 : 404).end();
  }).listen(0, "127.0.0.1");
  await once(files, "listening");
  t.teardown(() => files.close());
  return `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
}

const test = await pageTests(t);
const site = await serveExamples(t);

await test("a page predicts as one types, and tells what is wrong", async (t, { page, server, guard }) => {
  guard.expect(new RegExp(`asks elsewhere: ${site}`));
  await page.goto(`${site}/predict.html?server=${server.url}`);
  await page.getByText(/^predicted in \d+\.\d\d ms$/).waitFor();
  const power = page.locator("div", { has: page.getByText("TEY", { exact: true }) }).getByRole("definition");
  const before = await power.textContent();
  await page.getByLabel("GTEP").fill("32");
  await page.waitForFunction((last) => !document.body.textContent?.includes(last ?? ""), before);
  t.ok(Number(await power.textContent()) > Number(before), "more pressure, more power");
  await page.getByLabel("AH").fill("");
  await page.getByText("MISSING_SIGNALS: ").waitFor();
  t.same(await violations(page), []);
});

await test("a bar follows a task through a restart of the server, and cancels it", async (t, {
  page,
  server,
  guard,
}) => {
  guard.expect(
    new RegExp(`asks elsewhere: ${site}`),
    SERVER_AWAY,
    /Access-Control|CORS|ERR_FAILED/,
    /console: TidewireClientError/,
  );
  const client = new TidewireClient({ baseURL: server.url });
  t.teardown(() => client.close());
  const task = "task.demo.import";
  await client.events.publish(task, { type: "task_started" });
  await client.events.publish(task, { type: "step_progress", progress: 40 });
  await page.goto(`${site}/progress-bar.html?server=${server.url}`);
  const bar = page.getByRole("progressbar");
  const shows = (percent: number) =>
    page.waitForFunction(
      (now) => document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow") === now,
      `${percent}`,
    );
  await shows(40);
  await server.kill();
  await server.restart();
  await client.events.publish(task, { type: "step_progress", progress: 70 });
  await shows(70);
  t.equal(await bar.getAttribute("aria-valuenow"), "70");
  await page.getByRole("button", { name: "Cancel" }).click();
  const asked = async () => (await client.topics.get(task)).state.cancelRequested;
  while (!(await asked())) await page.evaluate(() => new Promise(requestAnimationFrame));
  t.pass("the owner is asked");
});
