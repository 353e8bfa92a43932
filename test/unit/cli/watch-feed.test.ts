// A watcher's order of things, where whole servers would have to be lucky: what is no longer kept, what begins anew
// meanwhile, what comes while a history is read.
import { type Position, type SubscriptionOptions, TidewireClientError, type TidewireEvent } from "@tidewire/client";
import { type Test, test } from "tap";
import { Feed, type FeedListener, type Start } from "../../../src/cli/watch-feed.js";
import type { History, HistoryPage } from "../../../src/cli/watch-history.js";
import { snapshot, told } from "./told.js";

type Client = ConstructorParameters<typeof Feed>[0];

/** A client whose subscriptions the test plays. */
class FakeClient {
  readonly subscriptions = new Map<string, SubscriptionOptions>();
  readonly connection = { on: () => this.connection, isConnected: () => true };
  readonly onError = () => () => {};
  readonly onConnectionState = () => () => {};

  subscribe(topic: string, options: SubscriptionOptions): void {
    this.subscriptions.set(topic, options);
  }
}

const at = (event: TidewireEvent, offset: number, generation = 1) =>
  ({ ...event, position: { generation, offset } }) as TidewireEvent;

const stateAt = (offset: number, generation = 1) => ({
  ...snapshot("training.r", { status: "running" }),
  position: { generation, offset },
});

const log = (offset: number, generation = 1) =>
  at(told("training.r", "log", { level: "INFO", message: `${offset}` }), offset, generation);

/** A feed with what it tells, in words. */
function feedOf(t: Test, start: Start, pages: (after: number, limit?: number) => Promise<HistoryPage<TidewireEvent>>) {
  const said: string[] = [];
  const client = new FakeClient();
  const listener: FeedListener = {
    event: ({ position }) => said.push(`event ${position.offset}`),
    snapshot: ({ position }) => said.push(`state ${position.offset}`),
    gap: ({ skipped, reason }) => said.push(`gap ${skipped} ${reason}`),
    frame: ({ body }) => said.push(`frame ${body?.$case}`),
    linked: () => t.fail("nothing happens to the connection"),
  };
  const history: History<TidewireEvent> = {
    page: (_topic, after, _filter, limit) => pages(after, limit),
    positionOf: ({ position }) => position,
  };
  async function* list(): AsyncGenerator<string> {
    yield "training.r";
  }
  const options = { patterns: ["training.r"], filter: {}, start, history, replay: listener.event, list };
  const feed = new Feed(client as unknown as Client, options, listener);
  const play = () => client.subscriptions.get("training.r") as Required<SubscriptionOptions>;
  return { feed, said, play };
}

/** Offsets of a log that keeps those from `oldest` to `head`. */
const kept =
  (oldest: number, head: number, size: number, generation = 1) =>
  async (after: number, limit = size): Promise<HistoryPage<TidewireEvent>> => {
    const first = Math.max(oldest, after + 1);
    const last = Math.min(head, first + limit - 1);
    const entries = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => log(first + i, generation));
    return { generation, entries, next: last < head ? last : undefined };
  };

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("events that are no longer kept are a gap, said once", async (t) => {
  const { feed, said, play } = feedOf(t, "beginning", kept(4, 8, 2));
  await feed.open();
  t.same(said, ["gap 3 retention", "frame gap", "event 4", "event 5", "event 6", "event 7", "event 8"]);
  play().onSnapshot(stateAt(8));
  play().onEvent(log(8));
  play().onEvent(log(9));
  t.same(said.slice(7), ["state 8", "event 9"]);
});

test("what comes while the rest of the history is read waits, and is told once", async (t) => {
  let head = 2;
  let answer: (() => void) | undefined;
  let isSlow = false;
  const { feed, said, play } = feedOf(t, "beginning", async (after, limit) => {
    if (isSlow)
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
    return kept(1, head, 100)(after, limit);
  });
  await feed.open();
  [head, isSlow] = [6, true];
  play().onSnapshot(stateAt(4));
  play().onEvent(log(5));
  play().onEvent(log(6));
  t.same(said, ["event 1", "event 2"]);
  await turn();
  answer?.();
  await turn();
  t.same(said.slice(2), ["event 3", "event 4", "state 4", "event 5", "event 6"]);
});

test("a topic that begins anew while it is read is a lost position, and its state follows", async (t) => {
  const { feed, said, play } = feedOf(t, "beginning", async (after, limit) =>
    after === 0 ? kept(1, 4, 2)(after, limit) : kept(1, 3, 2, 2)(after, limit),
  );
  await feed.open();
  t.same(said, ["event 1", "event 2", "gap 0 position_lost", "frame gap"]);
  play().onSnapshot(stateAt(3, 2));
  play().onEvent(log(4, 2));
  t.same(said.slice(4), ["state 3", "event 4"]);
});

test("a position of another generation, or beyond the head, is lost", async (t) => {
  const since: Position = { generation: 9, offset: 5 };
  for (const pages of [
    kept(1, 8, 10),
    () => Promise.reject(new TidewireClientError("POSITION_LOST", "beyond the head")),
  ]) {
    const { feed, said } = feedOf(t, since, pages);
    await feed.open();
    t.same(said, ["gap 0 position_lost", "frame gap"]);
  }
});

test("a topic without events has no history; other errors end the feed", async (t) => {
  const fail = (code: string) => () => Promise.reject(new TidewireClientError(code, "no"));
  const unborn = feedOf(t, "beginning", fail("TOPIC_NOT_FOUND"));
  await unborn.feed.open();
  t.same(unborn.said, []);
  await t.rejects(feedOf(t, "beginning", fail("INTERNAL_ERROR")).feed.open(), { code: "INTERNAL_ERROR" });
  const later = feedOf(t, "beginning", kept(1, 2, 10));
  await later.feed.open();
  later.play().onError(new TidewireClientError("INVALID_TOPIC", "no"));
  await t.rejects(later.feed.done, { code: "INVALID_TOPIC" });
});

test("what waits for a history is bounded", async (t) => {
  let isSlow = false;
  const { feed, play } = feedOf(t, "beginning", (after, limit) =>
    isSlow ? new Promise(() => undefined) : kept(1, 1, 10)(after, limit),
  );
  await feed.open();
  isSlow = true;
  play().onSnapshot(stateAt(2));
  for (let offset = 3; offset < 100_003; offset += 1) play().onEvent(log(offset));
  await t.rejects(feed.done, { message: /more than 100000 events came while the history was read/ });
});

test("without a history the state comes first, and each once", async (t) => {
  const { feed, said, play } = feedOf(t, "present", () => Promise.reject(new Error("nobody asks")));
  await feed.open();
  play().onSnapshot(stateAt(4));
  play().onSnapshot(stateAt(4));
  play().onEvent(log(4));
  play().onEvent(log(5));
  play().onGap({ topic: "training.r", skipped: 2, reason: "slow_consumer" });
  play().onEvent(log(8));
  play().onSnapshot(stateAt(1, 2));
  play().onEvent(log(2, 2));
  t.same(said, ["state 4", "event 5", "gap 2 slow_consumer", "event 8", "state 1", "event 2"]);
});
