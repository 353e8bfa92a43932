// axe-core on a page as it stands.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import type { Page } from "playwright-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** WCAG 2.2 at AA, and what axe counts as good practice. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Violations by rule and place; none where all is well. Motion is waited for: colours on the way are nobody's. */
export async function violations(page: Page, within = "body"): Promise<readonly string[]> {
  await page.evaluate(async () => {
    const brief = document
      .getAnimations()
      .filter(({ effect }) => effect?.getTiming().iterations !== Number.POSITIVE_INFINITY);
    await Promise.allSettled(brief.map(({ finished }) => finished));
  });
  // Evaluated by the debugger, not loaded: the page's policy allows no script of ours.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(SOURCE);
  const found = await page.evaluate(
    async ({ selector, tags }) => {
      const { axe: engine } = globalThis as unknown as { axe: typeof axe };
      return (await engine.run(selector, { runOnly: tags, resultTypes: ["violations"] })).violations;
    },
    { selector: within, tags: TAGS },
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`),
  );
}
