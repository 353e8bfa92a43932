// Takes the pictures of the dashboard that the docs show: the demo plays, every page is opened, in light and in dark.
// Usage: npm run screenshots [folder]   (default: docs/images; after a build; some two minutes)
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchChromium } from "../test/browser/support/chromium.js";
import { toPalette } from "./palette.mjs";

const ROOT = resolve(import.meta.dirname, "..");
const YEAR = join(ROOT, "models/gas_turbine/gt_2014.csv");
/** A run is half done when the pictures are taken, and two before it are complete. */
const TRAINING_SECONDS = 35;
const PLAYED_MS = 2.4 * TRAINING_SECONDS * 1000;
const WIDTH = 1280;
const HEIGHT = 860;
const THEMES = ["light", "dark"] as const;
/** Of the server whose sign-in is shown. */
const TOKEN = "for-the-pictures-only";
/** Time for a page to draw itself in other colours. */
const SETTLE_MS = 700;

/** A picture: the page that it is of, and what is done on it before. */
interface Shot {
  readonly name: string;
  readonly path: string;
  /** Of the window, where there is more to see than a window shows. */
  readonly height?: number;
  readonly act?: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { name: "overview", path: "/" },
  { name: "runs", path: "/runs" },
  { name: "run", path: "/runs", act: openRunning },
  { name: "log", path: "/runs", act: openLog },
  { name: "tasks", path: "/tasks" },
  { name: "inference", path: "/inference?from=file", height: 1040, act: streamYear },
  { name: "evaluations", path: "/evaluations" },
  { name: "evaluation", path: "/evaluations", height: 1040, act: evaluateYear },
  { name: "system", path: "/system?minutes=5", height: 1240 },
  { name: "connections", path: "/connections" },
];

const folder = resolve(process.argv[2] ?? join(ROOT, "docs/images"));
const ends: (() => unknown)[] = [];
try {
  await takeAll();
} finally {
  for (const end of ends.reverse()) await end();
}

async function takeAll(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // The demo as a reader starts it.
  const url = await start("demo", ["--training-time", String(TRAINING_SECONDS)]);
  const browser = await launchChromium({ teardown: (end) => ends.push(end) });
  const context = await browser.newContext({
    viewport: { width: WIDTH, height: HEIGHT },
    baseURL: url,
    reducedMotion: "reduce",
  });
  let bytes = await takeSignIn(browser);
  // All are open from the beginning: charts show what has come since then.
  const pages = new Map<Shot, Page>();
  for (const shot of SHOTS) pages.set(shot, await open(context, shot));
  await wait(PLAYED_MS);
  for (const [shot, page] of pages) {
    // What is behind another page is not drawn.
    await page.bringToFront();
    await page.setViewportSize({ width: WIDTH, height: shot.height ?? HEIGHT });
    await shot.act?.(page);
    for (const theme of THEMES) bytes += await take(page, theme, join(folder, `${shot.name}-${theme}.png`));
  }
  console.log(`${(pages.size + 1) * THEMES.length} pictures, ${Math.round(bytes / 1024)} KiB, in ${folder}`);
}

/** The page of a server that asks for tokens. @returns the pictures' bytes */
async function takeSignIn(browser: Browser): Promise<number> {
  const url = await start("serve", [], { ...process.env, TIDEWIRE_TOKEN: TOKEN });
  const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT }, reducedMotion: "reduce" });
  await page.goto(url);
  await page.getByRole("heading", { name: "Sign in", level: 1 }).waitFor();
  let bytes = 0;
  for (const theme of THEMES) bytes += await take(page, theme, join(folder, `sign-in-${theme}.png`));
  await page.close();
  return bytes;
}

async function open(context: BrowserContext, { path }: Shot): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`${path}: ${error.message}`));
  await page.goto(path);
  return page;
}

/** @returns its bytes */
async function take(page: Page, theme: (typeof THEMES)[number], path: string): Promise<number> {
  await page.emulateMedia({ colorScheme: theme });
  await wait(SETTLE_MS);
  const picture = toPalette(await page.screenshot());
  writeFileSync(path, picture);
  return picture.length;
}

/** A server on a free port, with a data folder of its own. @returns its address */
async function start(command: "demo" | "serve", flags: readonly string[], env = process.env): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), "tidewire-screenshots-"));
  ends.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const port = await freePort();
  const settings = ["--port", String(port), "--data-dir", dataDir, ...flags];
  const server = spawn(process.execPath, [join(ROOT, "dist/src/main.js"), command, ...settings], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  ends.push(() => end(server));
  const url = `http://127.0.0.1:${port}`;
  while (!(await isReady(url))) await wait(100);
  return url;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGINT");
  await ended;
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    return false; // not listening yet
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

/** The run that is under way: it stands first. */
async function openRunning(page: Page): Promise<void> {
  await page
    .getByRole("row", { name: /Running/ })
    .getByRole("link")
    .first()
    .click();
  await page.getByRole("figure").first().locator("canvas").waitFor();
  await wait(1500);
}

async function openLog(page: Page): Promise<void> {
  await openRunning(page);
  await page.getByRole("region", { name: "Log lines" }).scrollIntoViewIfNeeded();
  await wait(1500);
}

async function streamYear(page: Page): Promise<void> {
  await page.locator("input[type=file]").setInputFiles(YEAR);
  await page.getByLabel("Rows a second").selectOption("100");
  await page.getByRole("button", { name: "Stream" }).click();
  await page.getByText(/^[6-9]\d\d predicted\.$/).waitFor();
}

async function evaluateYear(page: Page): Promise<void> {
  await page.locator("input[type=file]").setInputFiles(YEAR);
  await page.getByRole("button", { name: "Evaluate" }).click();
  await page.getByRole("radio", { name: "TEY" }).check();
  await page.getByRole("img", { name: /^Predicted against true values of TEY/ }).waitFor();
}
