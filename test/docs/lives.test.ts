// The tables of events in docs/protocol.md are the rules' and the schema's own.
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "tap";
import { TidewireError } from "../../src/errors.js";
import { type Case, FAMILIES, type Family, type Kind, typeOf } from "../../src/runs/families.js";
import { statusAfter } from "../../src/runs/life.js";
import { EVENT_KINDS } from "../../src/wire/event-bytes.js";
import { event, FAMILY_NAMES, STATUS_NAMES, type StatusName, statusOf, TOPICS } from "../unit/runs/events.js";

const path = new URL("../../docs/protocol.md", import.meta.url);
/** Statuses that a publisher may meet; `lost` counts as running, which test/unit/runs/life.test.ts holds. */
const STATUSES = STATUS_NAMES.filter((name) => name !== "lost");
const families: readonly Family[] = FAMILY_NAMES.map((name) => ({ name, ...FAMILIES[name] }));

test("docs/protocol.md holds the events of each family, and when each is legal", async (t) => {
  const text = readFileSync(path, "utf8");
  const written = withTable(withTable(text, "events", eventsTable()), "statuses", statusesTable());
  // UPDATE=1 writes the document instead of comparing it.
  if (process.env.UPDATE) writeFileSync(path, written);
  else t.equal(text, written, "run this test with UPDATE=1 to write the tables");
  for (const name of ["events", "statuses"]) t.match(text, marked(name), name);
});

function marked(name: string): RegExp {
  return new RegExp(`(<!-- ${name}:.*-->\n)([\\s\\S]*)(<!-- /${name} -->)`);
}

function withTable(text: string, name: string, table: string): string {
  return text.replace(marked(name), (_, start, __, end) => `${start}\n${table}\n\n${end}`);
}

function eventsTable(): string {
  const rows = families.flatMap((family) =>
    family.cases.map((name, i) => {
      const topic = [family.name, ...family.tokens.map((token) => `<${token}>`)].join(".");
      return [
        i === 0 ? `\`${topic}\`` : "",
        `\`${typeOf(name)}\``,
        EVENT_KINDS.get(name)?.delivery,
        ...life(family, name),
      ];
    }),
  );
  return tableOf(["topic", "type", "delivery", "taken while", "then"], rows);
}

/** When a family takes an event, and what the status is then where it changes. */
function life(family: Family, name: Case): readonly [string, string] {
  if (!family.isKept) return ["always", ""];
  if (name === "statusChanged") return ["see below", "as it says"];
  const moves = STATUSES.map((from) => ({ from, to: after(family, from, typeOf(name)) })).filter(({ to }) => to);
  const isAny = moves.length === STATUSES.length - 1 && moves.every(({ from }) => from !== "none");
  const changes = moves.some(({ from, to }) => from !== to);
  return [isAny ? "any" : listOf(moves.map(({ from }) => from)), changes ? listOf(moves.map(({ to }) => to)) : ""];
}

function statusesTable(): string {
  const family: Family = { name: "training", ...FAMILIES.training };
  const rows = STATUSES.map((from) => {
    const to = STATUSES.slice(1).filter((status) => status !== from && after(family, from, `status_changed ${status}`));
    return [listOf([from]), listOf(to) || "nothing else"];
  });
  return tableOf(["status", "may become"], rows);
}

/** The status after an event; undefined where the event is refused. */
function after(family: Family, from: StatusName, said: string): StatusName | undefined {
  const topic = TOPICS[family.name];
  try {
    return STATUS_NAMES[statusAfter(family, statusOf(from), topic, event(topic, said).kind as Kind) ?? 0];
  } catch (error) {
    if (error instanceof TidewireError) return undefined;
    throw error;
  }
}

function listOf(statuses: readonly (StatusName | undefined)[]): string {
  const names = statuses.map((status) => (status === "none" ? "*not there*" : (status ?? "")));
  return [...new Set(names)].join(", ");
}

function tableOf(head: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string {
  const lines = [head, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.toSpliced(1, 0, `|${"---|".repeat(head.length)}`).join("\n");
}
