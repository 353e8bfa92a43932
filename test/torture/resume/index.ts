// Resume storms: a thousand clients come back at once, again and again, while retention takes away what some of them ask for.
import { TidewireClient, TidewireClientError } from "@tidewire/client";
import { checkLog, countAcknowledged, createRuns, headsOf } from "../crowd/aftermath.js";
import { Crowd } from "../crowd/crowd.js";
import { MODELS } from "../crowd/predictor.js";
import { type Context, Findbook, type Findings, lengthMs, type Part } from "../lib/part.js";
import { ServerUnderTest } from "../lib/server.js";

const LENGTH = { seconds: 30, longSeconds: 600 };
/** From one storm to the next. */
const EVERY_MS = 6_000;
const WITHIN_MS = 180_000;
/** Reads from random positions after each storm. */
const PROBES = 20;

const THOUSAND = {
  processes: 4,
  publishers: 50,
  followers: 900,
  watchers: 20,
  predictors: 30,
  slowPredictors: 0,
  linesPerSecond: 400,
  predictionsPerSecond: 100,
  slowPerSecond: 0,
  mayMiss: true,
} as const;

/**
 * Some half a minute of these lines: enough for a run not to be forgotten whole while its publisher waits for a connection,
 * so little that whoever comes back from a storm may find that its position is gone.
 */
const FLAGS = ["--log-level", "warn", "--segment-bytes", "1MiB", "--retention-bytes", "6MiB"];

export const resume: Part = {
  name: "resume",
  description: "1,000 clients come back at once, several times, while retention runs",
  run: storm,
};

async function storm(context: Context): Promise<Findings> {
  const book = new Findbook();
  await using server = await ServerUnderTest.start({ models: Object.values(MODELS), flags: FLAGS });
  const options = { ...THOUSAND, url: server.url };
  const topics = Crowd.runsOf(options).map((run) => `training.${run}`);
  await createRuns(server.url, undefined, Crowd.runsOf(options));
  await using crowd = await Crowd.gather(options, context.random, WITHIN_MS);
  await crowd.begin();
  const rounds = Math.max(1, Math.round(lengthMs(context, LENGTH) / EVERY_MS));
  const backs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS * context.random.next()));
    const startedMs = performance.now();
    await crowd.cut(round % 2 === 0 ? 1 : context.random.next());
    await crowd.back(WITHIN_MS);
    backs.push(performance.now() - startedMs);
    await probe(server.url, topics, context, book);
    context.progress((round + 1) / rounds, `${round + 1} storms`);
  }
  await crowd.settle(WITHIN_MS, book);
  const acknowledged = await crowd.acknowledged();
  await crowd.catchUp(headsOf(acknowledged), WITHIN_MS, book);
  const { comings, delivered, gaps } = await crowd.account(book);
  const lines = await checkLog(server.url, undefined, acknowledged, book, { mayBeTrimmed: true });
  await crowd.leave(WITHIN_MS);
  for (const fault of server.faults) book.found("the server logs no error", fault);
  return {
    findings: book.findings,
    figures: {
      clients: crowd.size,
      storms: rounds,
      "acknowledged lines": countAcknowledged(acknowledged),
      "lines that retention left": lines,
      "lines delivered": delivered,
      "gaps told": gaps,
      "connections cut": comings.cuts,
      "connections opened": comings.connects,
      "all clients back, longest ms": Math.round(Math.max(...backs)),
    },
  };
}

/** Reads from positions that are there, gone, or were never there: what comes is behind the position and in order. */
async function probe(url: string, topics: readonly string[], { random }: Context, book: Findbook): Promise<void> {
  const client = new TidewireClient({ baseURL: url });
  for (let i = 0; i < PROBES; i += 1) {
    const topic = random.pick(topics);
    const after = random.integer(0, 10 ** random.integer(0, 6));
    try {
      const { entries } = await client.topics.events(topic, { after, limit: 50 });
      const offsets = entries.map(({ position }) => position.offset);
      const isOrdered = offsets.every((offset, at) => offset > (offsets[at - 1] ?? after));
      book.expect(
        isOrdered,
        "a page begins behind its position, in order",
        () => `${topic} after ${after}: ${offsets}`,
      );
    } catch (error) {
      const isToldSo = error instanceof TidewireClientError && (error.code === "POSITION_LOST" || error.retryable);
      book.expect(isToldSo, "a position that is gone is told so", () => `${topic} after ${after}: ${error}`);
    }
  }
}
