// Puts the page of the tests at a real server's address, and drives it.
import type { Page } from "playwright-core";
import type { Test } from "tap";
import { type PageTest, pageTests, type Visit } from "../../../../test/browser/support/pages.js";
import type { ServerOptions } from "../../../../test/browser/support/server.js";
import type { Shown, Stage } from "../page/main.js";
import { bundlePage, type ReactVersion } from "./bundle.js";

/** What the server answers with little: its address is what counts, and a page of ours takes its place. */
const ADDRESS = "/health/live";
const HTML = `<head><title>Tests</title><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head><body><div id="root"></div></body>`;

/** A reply allows no script of its own: the page that takes its place is the tests'. */
export const OVER_A_REPLY = { bypassCSP: true } as const;

/** What a hook gave when it was rendered last. */
export type Seen = Readonly<Record<string, unknown>>;

/** The page of the tests, in a browser. */
export class StagePage {
  readonly page: Page;
  readonly #frames: string[] = [];
  readonly #looking = new Set<() => void>();

  constructor(page: Page) {
    this.page = page;
    page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        this.#frames.push(String(payload));
        for (const look of this.#looking) look();
      }),
    );
  }

  /** Opens the page at the server's own address. */
  async open(script: string): Promise<void> {
    await this.page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
    await this.page.goto(ADDRESS);
    await this.page.evaluate((html) => {
      document.documentElement.innerHTML = html;
      document.documentElement.lang = "en";
    }, HTML);
    await this.page.addScriptTag({ content: script, type: "module" });
    await this.page.waitForFunction("globalThis.stage");
  }

  async show(shown: Shown): Promise<void> {
    await this.page.evaluate((what) => (globalThis as unknown as { stage: Stage }).stage.show(what), shown);
  }

  async hydrate(shown: Pick<Shown, "scene" | "props">, html: string): Promise<void> {
    const given = { shown, html };
    await this.page.evaluate(
      ({ shown, html }) => (globalThis as unknown as { stage: Stage }).stage.hydrate(shown, html),
      given,
    );
  }

  async clear(): Promise<void> {
    await this.page.evaluate(() => (globalThis as unknown as { stage: Stage }).stage.clear());
  }

  async hide(isHidden: boolean): Promise<void> {
    await this.page.evaluate((is) => (globalThis as unknown as { stage: Stage }).stage.hide(is), isHidden);
  }

  /** Waits until a hook's value has all these, and gives it. */
  async until(wanted: Seen, name = "seen"): Promise<Seen> {
    const text = await this.page.waitForFunction(
      ({ wanted, name }) => {
        const { textContent } = document.querySelector(`[data-testid=${name}]`) ?? {};
        if (!textContent) return undefined;
        const seen = JSON.parse(textContent) as Seen;
        const has = (key: string) => JSON.stringify(seen[key]) === JSON.stringify(wanted[key]);
        return Object.keys(wanted).every(has) ? textContent : undefined;
      },
      { wanted, name },
    );
    return JSON.parse((await text.jsonValue()) as string) as Seen;
  }

  async renders(name = "seen"): Promise<number> {
    return Number(await this.page.locator(`[data-testid=${name}]`).getAttribute("data-renders"));
  }

  /** Resolves once it has sent so many. */
  async untilSent(type: string, topic: string, count: number): Promise<void> {
    if (this.sent(type, topic) >= count) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.sent(type, topic) < count) return;
        this.#looking.delete(look);
        resolve();
      };
      this.#looking.add(look);
    });
  }

  /** Frames of a type that the page has sent about a topic, as JSON. */
  sent(type: string, topic: string): number {
    return this.#frames.filter((frame) => frame.includes(`"type":"${type}"`) && frame.includes(`"${topic}"`)).length;
  }
}

/** Registers a test of the stage. */
export type StageTest = (
  name: string,
  body: (t: Test, stage: StagePage, visit: Visit) => Promise<void>,
  options?: Parameters<PageTest>[2],
) => Promise<void>;

/** Tests of the stage at one server; skipped aloud where there is no browser. */
export async function stageTests(t: Test, options: ServerOptions = {}, version?: ReactVersion): Promise<StageTest> {
  const [test, script] = await Promise.all([pageTests(t, options), bundlePage("main.tsx", "browser", version)]);
  return (name, body, context) =>
    test(
      name,
      async (t, visit) => {
        const stage = new StagePage(visit.page);
        await stage.open(script);
        await body(t, stage, visit);
        await stage.clear();
      },
      { ...OVER_A_REPLY, ...context },
    );
}
