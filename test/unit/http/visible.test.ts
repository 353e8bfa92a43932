// Listings of whoever may see a part: complete, and never more than a step of them in one turn.
import { setImmediate as nextTurn } from "node:timers/promises";
import t from "tap";
import { Grant } from "../../../src/access/grant.js";
import { parseScope } from "../../../src/access/scopes.js";
import type { Topic } from "../../../src/events/directory.js";
import { TopicDirectory } from "../../../src/events/directory.js";
import type { EventReader } from "../../../src/events/types.js";
import { visibleTopics } from "../../../src/http/visible.js";

const TOPICS = 5_000;
const ALL = { pattern: ">", after: "", limit: 100 };

/** Topics task.p.t0 …, and how many of them were looked at in each turn of the loop. */
function reader() {
  const directory = new TopicDirectory();
  for (let i = 0; i < TOPICS; i += 1) directory.add({ topic: `task.p.t${String(i).padStart(5, "0")}` } as Topic);
  const perTurn = [0];
  const list = (...asked: Parameters<EventReader["list"]>) => {
    const found = directory.list(...asked);
    perTurn.push((perTurn.pop() as number) + found.length);
    return found;
  };
  const unused = () => {
    throw new Error("no listing reads events");
  };
  return { events: { list, view: unused, read: unused } as EventReader, perTurn };
}

const grantOf = (...scopes: string[]) => new Grant({ subject: "s", scopes: scopes.map(parseScope) });
const nothing = () => grantOf(...Array.from({ length: 64 }, (_, i) => `subscribe:container.${i}.*`));

t.test("whoever may see nothing has all topics looked through, some in each turn", async (t) => {
  const { events, perTurn } = reader();
  let isDone = false;
  const listings = Promise.all([1, 2, 3].map(() => visibleTopics(events, nothing(), ALL))).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    perTurn.push(0);
    await nextTurn();
  }
  t.same(await listings, [[], [], []]);
  // The first step of each is in the turn of its request.
  t.equal(Math.max(...perTurn.slice(1)), 500, "one step in each turn, of all listings together");
  t.equal(
    perTurn.reduce((sum, count) => sum + count),
    3 * TOPICS,
  );
});

t.test("what may be seen is found, wherever it stands, in order and no more than was asked for", async (t) => {
  const { events } = reader();
  const names = async (grant: Grant, listing: Partial<typeof ALL> = {}) =>
    (await visibleTopics(events, grant, { ...ALL, ...listing })).map(({ topic }) => topic);
  t.same(await names(grantOf("subscribe:task.p.t04999", "subscribe:task.p.t00003")), [
    "task.p.t00003",
    "task.p.t04999",
  ]);
  t.same(await names(grantOf("subscribe:task.p.*"), { limit: 2 }), ["task.p.t00000", "task.p.t00001"]);
  t.same(await names(grantOf("subscribe:task.p.t04998"), { after: "task.p.t04998" }), []);
  t.same(await names(grantOf("subscribe:task.p.t00003"), { pattern: "task.*.t00003" }), ["task.p.t00003"]);
  t.same(await names(grantOf("subscribe"), { limit: 1 }), ["task.p.t00000"]);
});

t.test("more listings at a time than there may be are to come again; those that are done make room", async (t) => {
  const { events } = reader();
  const listings = Array.from({ length: 65 }, () => visibleTopics(events, nothing(), ALL));
  const settled = await Promise.allSettled(listings);
  t.equal(settled.filter(({ status }) => status === "fulfilled").length, 64);
  t.match(settled.at(-1), { reason: { code: "OVERLOADED", retryable: true, retryAfterMs: 1000 } });
  t.same(await visibleTopics(events, nothing(), ALL), []);
});
