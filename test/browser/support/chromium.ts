// Finds and starts a Chromium. A machine without one skips the tests of pages aloud; CI fails instead.
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import type { Test } from "tap";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];
/** No sandbox: CI and containers run as root, and nothing but our own pages is opened. Nothing is fetched by itself. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/** Why tests of pages are skipped on this machine; false where they run. @throws Error in CI, which never skips */
export function whyNoBrowser(): string | false {
  if (findChromium()) return false;
  const reason = "no Chromium found: install one, or name it in CHROMIUM_PATH";
  if (process.env.CI) throw new Error(reason);
  return reason;
}

/** Starts Chromium, which ends with the test. Flags of the caller come last. */
export async function launchChromium(t: Pick<Test, "teardown">, flags: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("no Chromium found");
  const browser = await chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
  t.teardown(() => browser.close());
  return browser;
}

function findChromium(): string | undefined {
  const { CHROMIUM_PATH } = process.env;
  return CHROMIUM_PATH || PLACES.find((path) => existsSync(path));
}
