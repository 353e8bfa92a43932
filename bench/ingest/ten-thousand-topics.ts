import type { CatchUpResult } from "../client/catch-up.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { get } from "../lib/rest.js";
import { median, rounded } from "../lib/statistics.js";
import { History, toStartFigure, toTimeFigure } from "./history.js";

const COUNT = 10_000;
const QUICK_COUNT = 100;
const LINES_EACH = 10;
/** Topics in one answer of the list. */
const PAGE = 1_000;
const PATTERN = "training.*";

/** Many runs. */
export const tenThousandTopics: Measurement = {
  name: "ten_thousand_topics",
  title: "10,000 topics of 10 lines each: listing, pattern snapshot, pattern resume, restart",
  run,
};

interface TopicList {
  readonly topics: { readonly topic: string; readonly generation: number; readonly offset: number }[];
  readonly next?: string;
}

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const history = new History(bench);
  try {
    await history.start();
    const count = bench.scale.isQuick ? QUICK_COUNT : COUNT;
    const names = Array.from({ length: count }, (_, i) => `training.run_${i}`);
    const perSecond = await history.publish(names, count * LINES_EACH);
    return {
      ten_thousand_topics_ingest: toFigure(
        { measured: perSecond, unit: "lines/s", method: "10 lines each to 10,000 topics in turn, once" },
        SHOWN,
      ),
      ...(await list(history, count)),
      ...(await catchUp(history, count)),
      ten_thousand_topics_restart: toStartFigure(await history.restart("training.more"), "10,000 topics"),
    };
  } finally {
    await history[Symbol.asyncDispose]();
  }
}

async function list(history: History, count: number): Promise<Record<string, Figure>> {
  const page = await history.get<TopicList>(`/api/v1/topics?pattern=${PATTERN}&limit=${PAGE}`);
  if (page.body.topics.length !== Math.min(PAGE, count)) throw new Error(`${page.body.topics.length} topics in a page`);
  const whole = await listAll(history.port);
  if (whole.topics.length !== count) throw new Error(`${whole.topics.length} topics in the list instead of ${count}`);
  return {
    ten_thousand_topics_list: toTimeFigure(page.times, "GET the first 1,000 of 10,000 topics", {
      all_pages_ms: rounded(whole.ms, 3),
    }),
  };
}

async function listAll(port: number): Promise<{ topics: TopicList["topics"]; ms: number }> {
  const topics: TopicList["topics"] = [];
  let ms = 0;
  for (let next: string | undefined = ""; next !== undefined; ) {
    const answer: { ms: number; body: TopicList } = await get(
      port,
      `/api/v1/topics?pattern=${PATTERN}&limit=${PAGE}&after=${next}`,
    );
    topics.push(...answer.body.topics);
    ms += answer.ms;
    next = answer.body.next;
  }
  return { topics, ms };
}

async function catchUp(history: History, count: number): Promise<Record<string, Figure>> {
  const all = (results: readonly CatchUpResult[]): number[] => results.map((one) => one.all);
  const { topics } = await listAll(history.port);
  const oneBack = topics.map(({ topic, generation, offset }) => [topic, { generation, offset: offset - 1 }] as const);
  const snapshots = await history.catchUp({
    asked: { topic: PATTERN, snapshot: true },
    expected: { snapshots: count },
  });
  const resumed = await history.catchUp({
    asked: { topic: PATTERN, positions: Object.fromEntries(oneBack) },
    expected: { events: count },
  });
  return {
    ten_thousand_topics_snapshot: toTimeFigure(
      all(snapshots),
      "subscribe to a pattern with snapshots, until 10,000 came",
      {
        subscribed_ms: rounded(median(snapshots.map((one) => one.subscribed)), 3),
      },
    ),
    ten_thousand_topics_resume: toTimeFigure(
      all(resumed),
      "subscribe to a pattern with a position for each of 10,000 topics, one event back, until all have come",
    ),
  };
}
