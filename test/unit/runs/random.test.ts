// Random publishes, cancellations, silences, removals and failing disks, against the naive rules.
import fc from "fast-check";
import { test } from "tap";
import type { Publish } from "../../../generated/ts/tidewire/v1/topics.js";
import { TidewireError } from "../../../src/errors.js";
import { FAMILIES, type FamilyName, familyOf, type Kind, typeOf } from "../../../src/runs/families.js";
import { event, STATUS_NAMES } from "./events.js";
import { hasEnded, letterOf, lived } from "./naive.js";
import { LEASE_MS, type Scene, scene } from "./scene.js";

const TOPICS = ["training.a", "training.b", "evaluation.e", "task.p.t", "task.p.u", "workflow.w.e", "container.p.c"];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Said {
  readonly topic: string;
  readonly said: string;
  readonly key: string | undefined;
}

type Step =
  | { readonly is: "publish"; readonly list: readonly Said[] }
  | { readonly is: "cancel" | "remove"; readonly topic: string }
  | { readonly is: "commit" | "settle" | "fail" | "silence" };

/** What is said on a topic: mostly what its family takes. */
function saidOn(topic: string): fc.Arbitrary<string> {
  const types = FAMILIES[topic.split(".")[0] as FamilyName].cases.map(typeOf);
  const statuses = STATUS_NAMES.filter((name) => name !== "none").map((name) => `status_changed ${name}`);
  const usual = types.flatMap((type) => (type === "status_changed" ? statuses : [type]));
  return fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...usual) }, fc.constantFrom("log", "task_started"));
}

const key = fc.option(fc.constantFrom("k", "l"), { nil: undefined, freq: 5 });

/** Steps on a few topics only, so that lives get far. */
const steps: fc.Arbitrary<Step[]> = fc.subarray(TOPICS, { minLength: 1, maxLength: 3 }).chain((few) => {
  const topics = fc.constantFrom(...few);
  const publish = topics.chain((topic) => fc.record({ topic: fc.constant(topic), said: saidOn(topic), key }));
  const list = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(publish) },
    { weight: 1, arbitrary: fc.array(publish, { minLength: 2, maxLength: 4 }) },
  );
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 16, arbitrary: fc.record({ is: fc.constant("publish" as const), list }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant("cancel" as const), topic: topics }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant("remove" as const), topic: topics }) },
    { weight: 6, arbitrary: fc.record({ is: fc.constantFrom("commit", "settle", "settle", "fail", "silence") }) },
  );
  return fc.array(step, { maxLength: 60, size: "max" });
});

/** Lives as the naive rules have them, and the keys that were used. */
class Model {
  lives = new Map<string, string>();
  keys = new Set<string>();

  clone(): Model {
    const copy = new Model();
    copy.lives = new Map(this.lives);
    copy.keys = new Set(this.keys);
    return copy;
  }

  life(topic: string): string {
    return this.lives.get(topic) ?? "";
  }

  /** @returns whether it is legal; the model holds it then */
  publish({ topic, said, key }: Said, listKeys: Set<string>): boolean {
    const name = `${topic} ${key}`;
    if (key !== undefined && (this.keys.has(name) || listKeys.has(name))) return true;
    const family = familyOf(topic);
    const type = said.split(" ")[0];
    const next = (family.cases.map(typeOf) as unknown[]).includes(type)
      ? lived(family.name, this.life(topic), said)
      : undefined;
    if (next === undefined) return false;
    if (key !== undefined) listKeys.add(name);
    if (key !== undefined && next !== this.life(topic)) this.keys.add(name);
    this.lives.set(topic, next);
    return true;
  }

  silence(): void {
    for (const [topic, life] of this.lives) if (/R[or]*$/.test(life)) this.lives.set(topic, `${life}L`);
  }

  cancel(topic: string): string {
    const life = this.life(topic);
    if (topic.startsWith("container")) return "INVALID_TOPIC";
    if (life === "") return "TASK_NOT_FOUND";
    if (hasEnded(life)) return "TASK_FINISHED";
    if (!life.includes("r")) this.lives.set(topic, `${life}r`);
    return "accepted";
  }

  remove(topic: string): void {
    this.lives.delete(topic);
    for (const name of this.keys) if (name.startsWith(`${topic} `)) this.keys.delete(name);
  }
}

/** The real thing and its model, side by side. */
class Pair {
  readonly scene: Scene = scene();
  model = new Model();
  durable = new Model();
  /** Visible, and not told to be durable yet. */
  #visible = this.durable;

  async take(step: Step): Promise<boolean> {
    const { log, runs, clock } = this.scene;
    switch (step.is) {
      case "publish":
        return this.#publish(step.list);
      case "cancel":
        return (await told(runs.cancel(step.topic))) === this.model.cancel(step.topic);
      case "remove":
        return this.#remove(step.topic);
      case "commit":
        log.commit();
        this.#visible = this.model.clone();
        return true;
      case "settle":
        this.#settle();
        return true;
      case "fail":
        log.fail();
        log.flush();
        this.model = this.#visible.clone();
        return true;
      case "silence":
        clock.elapsedMs += 2 * LEASE_MS;
        runs.sweepLeases();
        this.model.silence();
        return true;
    }
  }

  #settle(): void {
    this.scene.log.settle();
    this.#visible = this.model.clone();
  }

  async #publish(list: readonly Said[]): Promise<boolean> {
    const next = this.model.clone();
    const listKeys = new Set<string>();
    const isLegal = list.every((said) => next.publish(said, listKeys));
    if (isLegal) this.model = next;
    const events = list.map(({ topic, said, key }) => event(topic, said, { idempotencyKey: key }));
    return ((await this.#tell(events)) === "accepted") === isLegal;
  }

  #tell(events: readonly Publish[]): Promise<string> {
    const [only] = events;
    if (events.length > 1 || !only) return told(this.scene.runs.publish(events));
    return told(
      new Promise((accepted, refused) => {
        this.scene.runs.submit(only, { accepted, refused });
      }),
    );
  }

  async #remove(topic: string): Promise<boolean> {
    if (!/^training|^evaluation/.test(topic)) return true;
    const exists = this.model.life(topic) !== "";
    const removed = told(this.scene.runs.remove(topic));
    if (exists) {
      this.scene.log.removed();
      this.model.remove(topic);
      this.#settle();
    }
    return ((await removed) === "accepted") === exists;
  }

  /** Whether the log holds what the model does. */
  agrees(): boolean {
    this.#settle();
    return TOPICS.every((topic) => this.#life(topic) === this.model.life(topic) && this.#isSound(topic));
  }

  #life(topic: string): string {
    const events = this.scene.log.topics.get(topic)?.events ?? [];
    return events.map(({ kind }) => letterOf(kind ? saidBy(kind) : "")).join("");
  }

  /** Whether each status change names the status before it. */
  #isSound(topic: string): boolean {
    let status = "-";
    return this.scene.log.story(topic).every((told) => {
      const [, before, after = ""] = /^(.)>(.)$/.exec(told) ?? [];
      if (before === undefined) return true;
      const isNext = before === status;
      status = after;
      return isNext;
    });
  }
}

function saidBy(kind: Kind): string {
  const type = typeOf(kind.$case);
  return kind.$case === "statusChanged" ? `${type} ${STATUS_NAMES[kind.value.status ?? 0]}` : type;
}

/** "accepted" for what is accepted, durable or not; else the code. */
async function told(promise: Promise<unknown>): Promise<string> {
  let code = "accepted";
  promise.catch((error: unknown) => {
    code = error instanceof TidewireError ? error.code : String(error);
  });
  await turn();
  return code;
}

test("what is accepted is what the naive rules accept, whatever happens meanwhile", async (t) => {
  const check = fc.asyncProperty(steps, async (sequence) => {
    const pair = new Pair();
    using runs = pair.scene;
    for (const next of sequence) {
      if (!(await pair.take(next))) return false;
      await turn(); // what has failed is forgotten by its promises
    }
    const agrees = pair.agrees();
    await turn();
    return agrees && runs.runs.livesInFlight === 0;
  });
  await fc.assert(check, { numRuns: 1_000 });
  t.pass();
});
