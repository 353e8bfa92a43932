// What the demo does when somebody else pauses, cancels, ends or removes what it works on.
import { type SubscriptionOptions, TidewireClientError } from "@tidewire/client";
import t from "tap";
import { Halt, haltOf } from "../../../src/cli/demo/beside/halt.js";
import { Life, type SayPaused } from "../../../src/cli/demo/beside/life.js";
import { told } from "./told.js";

const RUN = "training.demo-mlp-1";
const WORKFLOW = "workflow.demo-retrain.1";

const refusal = () => new TidewireClientError("INVALID_TRANSITION", "not now");

/** A server that tells what the test has it tell. */
class Teller {
  readonly #options = new Map<string, SubscriptionOptions>();

  subscribe(topic: string, options: SubscriptionOptions) {
    this.#options.set(topic, options);
    const unsubscribe = () => void this.#options.delete(topic);
    return { topic, isActive: true, unsubscribe };
  }

  /** Follows a topic, whose state is told at once. */
  async follow(
    topic: string,
    state: object = { status: "running" },
    more: { parent?: AbortSignal; say?: SayPaused } = {},
  ) {
    const life = Life.follow(this, topic, more.parent ?? new AbortController().signal, more.say);
    this.state(topic, state);
    return life;
  }

  state(topic: string, state: object): void {
    const snapshot = { ...told(topic, "log"), type: "snapshot", state };
    this.#options.get(topic)?.onSnapshot?.(snapshot as never);
  }

  event(topic: string, type: Parameters<typeof told>[1], body?: object): void {
    this.#options.get(topic)?.onEvent?.(told(topic, type, body));
  }

  end(topic: string): void {
    this.#options.get(topic)?.onCancelled?.({} as never);
  }

  isFollowed(topic: string): boolean {
    return this.#options.has(topic);
  }
}

const status = (status: string) => ["status_changed", { status }] as const;
const haltedBy = (life: Life) => haltOf(life.signal).by;

t.test("a pause holds up, and its end lets go on", async (t) => {
  const teller = new Teller();
  const life = await teller.follow(RUN);
  await life.running();
  teller.event(RUN, ...status("paused"));
  t.ok(life.isPaused);
  let goesOn = false;
  const waiting = life.running().then(() => {
    goesOn = true;
  });
  await Promise.resolve();
  t.notOk(goesOn);
  teller.event(RUN, ...status("running"));
  await waiting;
  t.notOk(life.isPaused);
});

t.test("a request, an end by others, a removal and the parent's end are told apart", async (t) => {
  const teller = new Teller();
  const cancelled = await teller.follow(RUN);
  teller.event(RUN, "cancel_requested", { reason: "too slow" });
  t.match(haltOf(cancelled.signal), { by: "request", message: "stopped on request: too slow" });
  const ended = await teller.follow(RUN);
  teller.end(RUN);
  t.equal(haltedBy(ended), "elsewhere");
  const removed = await teller.follow(RUN);
  teller.state(RUN, {});
  t.equal(haltedBy(removed), "elsewhere");
  t.equal(haltedBy(await teller.follow(RUN, { status: "running", cancelRequested: true })), "request");
  const parent = new AbortController();
  const child = await teller.follow(RUN, undefined, { parent: parent.signal });
  parent.abort(new Halt("elsewhere", "somebody has ended it"));
  t.match(haltOf(child.signal), { by: "request", message: "somebody has ended it" }, "of the child nobody has said so");
  await t.rejects(child.running(), { name: "Halt", message: "somebody has ended it" });
  const over = await teller.follow(RUN, undefined, { parent: AbortSignal.abort() });
  t.equal(haltedBy(over), "demo");
});

t.test("a stop wakes whoever waits", async (t) => {
  const teller = new Teller();
  const life = await teller.follow(RUN, { status: "paused" });
  const waiting = [life.running(), life.sleep(3_600_000), life.say(async () => undefined)];
  teller.event(RUN, "cancel_requested");
  for (const each of waiting) await t.rejects(each, { name: "Halt", message: "stopped on request" });
});

t.test("what is refused is said again once the topic goes on; other errors are not hidden", async (t) => {
  const teller = new Teller();
  const life = await teller.follow(RUN);
  let tries = 0;
  const position = await life.say(async () => {
    tries += 1;
    if (tries > 1) return 7;
    // It was paused a moment ago; that has not been told yet.
    setImmediate(() => teller.event(RUN, ...status("paused")));
    setImmediate(() => teller.event(RUN, ...status("running")));
    throw refusal();
  });
  t.same([position, tries], [7, 2]);
  await t.rejects(
    life.say(() => Promise.reject(new TidewireClientError("QUEUE_FULL", "full"))),
    { code: "QUEUE_FULL" },
  );
});

t.test("the end of a topic is said once: where others have said it, that is no error", async (t) => {
  const teller = new Teller();
  const life = await teller.follow(RUN);
  await life.end(() => Promise.reject(refusal()));
  t.notOk(teller.isFollowed(RUN));
  await t.rejects(
    life.end(() => Promise.reject(new Error("no disk"))),
    /no disk/,
  );
});

t.test("tied lives share their pauses, whichever is paused", async (t) => {
  const teller = new Teller();
  const said: string[] = [];
  const run = await teller.follow(RUN, undefined, {
    say: async (isPaused) => {
      said.push(`run ${isPaused}`);
      teller.event(RUN, ...status(isPaused ? "paused" : "running"));
    },
  });
  const workflow = await teller.follow(WORKFLOW, undefined, {
    say: async (isPaused) => {
      said.push(`workflow ${isPaused}`);
      teller.event(WORKFLOW, isPaused ? "workflow_execution_paused" : "workflow_execution_resumed");
    },
  });
  const untie = Life.tie(run, workflow);
  teller.event(RUN, ...status("paused"));
  t.ok(workflow.isPaused);
  teller.event(WORKFLOW, "workflow_execution_resumed");
  t.notOk(run.isPaused);
  teller.event(WORKFLOW, "workflow_execution_paused");
  teller.event(RUN, ...status("running"));
  t.same([run.isPaused, workflow.isPaused], [false, false]);
  t.same(said, ["workflow true", "run false", "run true", "workflow false"]);
  untie();
  teller.event(RUN, ...status("paused"));
  t.notOk(workflow.isPaused);
});

t.test("a pause that is over before the other has taken it over leaves both running", async (t) => {
  const teller = new Teller();
  const run = await teller.follow(RUN, undefined, { say: async () => t.fail("the run is its own master here") });
  let echo = (): void => {};
  const said: boolean[] = [];
  const workflow = await teller.follow(WORKFLOW, undefined, {
    say: async (isPaused) => {
      said.push(isPaused);
      echo = () => teller.event(WORKFLOW, isPaused ? "workflow_execution_paused" : "workflow_execution_resumed");
    },
  });
  Life.tie(run, workflow);
  teller.event(RUN, ...status("paused"));
  teller.event(RUN, ...status("running"));
  echo();
  t.ok(workflow.isPaused, "told late that it rests");
  echo();
  t.same([run.isPaused, workflow.isPaused], [false, false]);
  t.same(said, [true, false]);
});

t.test("a take-over that is refused was somebody else's doing; one that fails ends the work", async (t) => {
  const teller = new Teller();
  const run = await teller.follow(RUN);
  const quicker = await teller.follow(WORKFLOW, undefined, { say: () => Promise.reject(refusal()) });
  Life.tie(run, quicker);
  teller.event(RUN, ...status("paused"));
  await new Promise(setImmediate);
  t.notOk(quicker.signal.aborted);
  const broken = await teller.follow(WORKFLOW, undefined, { say: () => Promise.reject(new Error("no disk")) });
  Life.tie(run, broken);
  teller.event(RUN, ...status("running"));
  teller.event(RUN, ...status("paused"));
  await new Promise(setImmediate);
  t.match(haltOf(broken.signal), { message: "it could not be paused: no disk" });
});
