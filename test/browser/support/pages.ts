// Tests of pages: each has a page of its own in one browser, at one server, and none may do what the guard forbids.
import type { Browser, BrowserContextOptions, CDPSession, Page } from "playwright-core";
import type { Test } from "tap";
import { launchChromium, whyNoBrowser } from "./chromium.js";
import { type Guard, guard } from "./guard.js";
import { PageServer, type ServerOptions } from "./server.js";

/** The size of a small laptop's window. */
const VIEWPORT = { width: 1280, height: 800 };
/** Longest wait for what a test expects to see: a busy machine of two cores, not a slow page. */
const PATIENCE_MS = 30_000;
/** tsx gives inner functions their names by a function that a page does not know. */
const NAMES = "globalThis.__name ??= (inner) => inner";

/** What a test of a page is given. */
export interface Visit {
  readonly page: Page;
  readonly server: PageServer;
  readonly guard: Guard;
  /** Opens a path of the server, and waits for its first heading. */
  open(path: string): Promise<void>;
  /** Another page in a context of its own, guarded like the first. */
  another(options?: BrowserContextOptions): Promise<{ readonly page: Page; readonly guard: Guard }>;
}

/** Registers a test of a page. */
export type PageTest = (
  name: string,
  body: (t: Test, visit: Visit) => Promise<void>,
  options?: BrowserContextOptions,
) => Promise<void>;

/** Tests of pages at one server. Without a browser each is skipped, and says so. */
export async function pageTests(t: Test, options: ServerOptions = {}): Promise<PageTest> {
  const skip = whyNoBrowser();
  if (skip) return async (name) => void (await t.test(name, { skip }, async () => {}));
  const [browser, server] = await Promise.all([launchChromium(t), PageServer.start(t, options)]);
  return async (name, body, context) => {
    await t.test(name, (t) => visit(t, browser, server, body, context));
  };
}

async function visit(
  t: Test,
  browser: Browser,
  server: PageServer,
  body: (t: Test, visit: Visit) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const guards: Guard[] = [];
  const another = async (choices: BrowserContextOptions = {}) => {
    const opened = await newPage(t, browser, server.url, { ...options, ...choices });
    guards.push(opened.guard);
    return opened;
  };
  const { page, guard } = await another();
  const open = async (path: string) => {
    await page.goto(path);
    await page.getByRole("heading").first().waitFor();
  };
  await body(t, { page, server, guard, open, another });
  t.same(
    guards.flatMap((each) => each.faults()),
    [],
    "no complaint, no failure, nothing from elsewhere",
  );
}

async function newPage(t: Test, browser: Browser, baseURL: string, options: BrowserContextOptions) {
  const context = await browser.newContext({ viewport: VIEWPORT, reducedMotion: "reduce", baseURL, ...options });
  t.teardown(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(NAMES);
  const page = await context.newPage();
  return { page, guard: guard(page, baseURL) };
}

/** What a network does to a page; WebSocket included. */
export interface Network {
  readonly latencyMs?: number;
  readonly bytesPerSecond?: number;
  readonly offline?: boolean;
}

/** Slows or cuts a page's network, until it is called again. */
export async function throttle(
  page: Page,
  { latencyMs = 0, bytesPerSecond = -1, offline = false }: Network,
): Promise<void> {
  const session = sessions.get(page) ?? (await page.context().newCDPSession(page));
  sessions.set(page, session);
  await session.send("Network.enable");
  const rate = { downloadThroughput: bytesPerSecond, uploadThroughput: bytesPerSecond };
  await session.send("Network.emulateNetworkConditions", { offline, latency: latencyMs, ...rate });
}

const sessions = new WeakMap<Page, CDPSession>();

/** Shows the page in light or in dark, as the system would ask for it. */
export async function showIn(page: Page, theme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
}
