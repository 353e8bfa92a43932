import type { CatchUpResult } from "../client/catch-up.js";
import { encodeStored, LINES } from "../client/lines.js";
import type { Bench, Measurement } from "../lib/bench.js";
import { type Figure, SHOWN, toFigure } from "../lib/figure.js";
import { median, rounded } from "../lib/statistics.js";
import { checkLines, History, toStartFigure, toTimeFigure } from "./history.js";

const TOPIC = "training.run";
const COUNT = 1_000_000;
const QUICK_COUNT = 10_000;
const MISSED = 1_000;
const PAGE = 1_000;
const REPLAYS = 3;
const MIB = 2 ** 20;

/** A run that has said much. */
export const million: Measurement = {
  name: "million",
  title: "1,000,000 events in one topic: resume, snapshot, pages, replay, restart, disk",
  run,
};

interface Place {
  readonly generation: number;
  readonly offset: number;
}

interface EventPage {
  readonly entries: readonly { offset: number; data: { message?: string } }[];
}

async function run(bench: Bench): Promise<Record<string, Figure>> {
  const history = new History(bench);
  try {
    await history.start();
    const count = bench.scale.isQuick ? QUICK_COUNT : COUNT;
    const perSecond = await history.publish([TOPIC], count);
    bench.say(`${count} lines, ${Math.round(perSecond)} a second`);
    const { body: head } = await history.get<Place>(`/api/v1/topics/${TOPIC}`);
    if (head.offset !== count + 1) throw new Error(`the topic stands at ${head.offset} after ${count} lines`);
    return {
      million_ingest: toFigure(
        { measured: perSecond, unit: "lines/s", method: "1,000,000 lines to one topic, 4,096 in flight, once" },
        SHOWN,
      ),
      ...(await read(history, head)),
      million_disk: disk(history.bytesOnDisk, count),
      million_restart: toStartFigure(await history.restart("training.more"), "1,000,000 events in one topic"),
    };
  } finally {
    await history[Symbol.asyncDispose]();
  }
}

async function read(history: History, head: Place): Promise<Record<string, Figure>> {
  const { generation, offset } = head;
  const all = (results: readonly CatchUpResult[]): number[] => results.map((one) => one.all);
  const after = (missed: number) => ({ topic: TOPIC, after: { generation, offset: offset - missed } });
  const resumed = await history.catchUp({ asked: after(MISSED), expected: { events: MISSED } });
  const snapshots = await history.catchUp({ asked: { topic: TOPIC, snapshot: true }, expected: { snapshots: 1 } });
  const replays = await history.catchUp({ asked: after(offset), expected: { events: offset } }, REPLAYS);
  const from = Math.floor(offset / 2);
  const path = `/api/v1/topics/${TOPIC}/events?after=${from}&limit=${PAGE}`;
  const page = await history.get<EventPage>(path);
  const events = page.body.entries;
  if (events.length !== Math.min(PAGE, offset - from)) throw new Error(`${events.length} events in a page of ${PAGE}`);
  checkLines(events, 1);
  const half = "of 1,000,000 events";
  return {
    million_resume: toTimeFigure(all(resumed), `subscribe with a position 1,000 back ${half}, until all have come`, {
      subscribed_ms: rounded(median(resumed.map((one) => one.subscribed)), 3),
    }),
    million_snapshot: toTimeFigure(all(snapshots), `subscribe with a snapshot, of a topic ${half}`),
    million_page: toTimeFigure(page.times, `GET ${PAGE} events from the middle ${half}, as JSON`),
    million_replay: toFigure(
      {
        measured: median(replays.map((one) => (offset * 1000) / one.all)),
        unit: "events/s",
        method: `subscribe with the first position ${half}, until all have come, in order`,
        details: { replays: replays.length },
      },
      SHOWN,
    ),
  };
}

/** Size on disk, beside the bytes of the events themselves. */
function disk(bytes: number, count: number): Figure {
  const each = Array.from({ length: LINES }, (_, i) => encodeStored(TOPIC, i).length);
  const events = (each.reduce((sum, length) => sum + length, 0) / LINES) * count;
  return toFigure(
    {
      measured: bytes / MIB,
      peer: events / MIB,
      unit: "MiB",
      method: "the whole data folder on disk; peer: the events themselves, without position",
    },
    { ...SHOWN, better: "lower" },
  );
}
