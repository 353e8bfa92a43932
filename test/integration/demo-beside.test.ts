// What is alive beside the demo's stream, seen and steered by a client as people have it: runs, workflows, evaluations, tasks.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { TidewireClient, type TidewireEvent } from "@tidewire/client";
import { type Test, test } from "tap";
import { keepNewest } from "../../src/cli/demo/beside/keeping.js";
import { PACKAGE_ROOT } from "../../src/config/index.js";
import { commandLine } from "./support/commands.js";

const SIGNALS = ["TIT", "TAT", "TEY", "CDP", "CO", "NOX"];
/** What asks for an end is to be obeyed within that. */
const OBEYED_MS = 1000;

/** Everything that is told on a server, as it comes. */
class Witness {
  readonly events: TidewireEvent[] = [];
  readonly client: TidewireClient;
  #wake = (): void => {};

  constructor(t: Test, url: string) {
    this.client = new TidewireClient({ baseURL: url });
    t.teardown(() => this.client.close());
    this.client.getProgress().subscribe(">", {
      onEvent: (event) => {
        this.events.push(event);
        this.#wake();
      },
    });
  }

  /** The first event, from place `from` on, that fits; waited for. */
  async find(fits: (event: TidewireEvent) => boolean, from = 0): Promise<TidewireEvent> {
    for (let at = from; ; at += 1) {
      while (at >= this.events.length) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      const event = this.events[at] as TidewireEvent;
      if (fits(event)) return event;
    }
  }

  of(topic: string): TidewireEvent[] {
    return this.events.filter((event) => event.topic === topic);
  }

  /** Waits until a topic tells an event of the type; with a status, that one. */
  told(topic: string, type: TidewireEvent["type"], status?: string, from = 0): Promise<TidewireEvent> {
    const fits = (event: TidewireEvent) => status === undefined || ("status" in event && event.status === status);
    return this.find((event) => event.topic === topic && event.type === type && fits(event), from);
  }
}

/** A demo in this process, and who watches it. */
async function demo(t: Test, words: readonly string[], dataDir = t.testdir()) {
  const started = commandLine(t, ["demo", "--port", "0", "--data-dir", dataDir, ...words], {}, false);
  const line = / on (http:\/\/[\d.]+:\d+)/;
  await started.stdout.until(line);
  const witness = new Witness(t, line.exec(started.stdout.text)?.[1] ?? "");
  return { ...started, dataDir, witness, client: witness.client };
}

/** A demo in a process of its own. */
async function demoChild(t: Test, dataDir: string, words: readonly string[]) {
  const args = ["--import=./tools/typescript.mjs", "src/main.ts", "demo", "--port", "0", "--data-dir", dataDir];
  const child: ChildProcess = spawn(process.execPath, [...args, ...words], {
    cwd: PACKAGE_ROOT,
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [first] = (await once(lines, "line")) as [string];
  const witness = new Witness(t, / on (http:\/\/[\d.]+:\d+)/.exec(first)?.[1] ?? "");
  return { child, ended, witness };
}

const typesOf = (events: readonly TidewireEvent[]) => events.map(({ type }) => type);
const statusesOf = (events: readonly TidewireEvent[]) =>
  events.flatMap((event) => (event.type === "status_changed" ? [event.status] : []));

test("a run with its workflow, its evaluations and an export go from beginning to end, and the next begin", async (t) => {
  const { witness, client, dataDir, stdout, interrupt, status } = await demo(t, [
    "--rate",
    "200",
    "--training-time",
    "1",
  ]);
  const completed = await witness.told("workflow.demo-retrain.1", "workflow_execution_completed");
  const [run, workflow] = [witness.of("training.demo-mlp-1"), witness.of("workflow.demo-retrain.1")];

  t.same(statusesOf(run), ["queued", "running", "completed"]);
  const queued = run[0];
  t.match(queued, { totalEpochs: 60, config: { optimizer: "adam", hidden_units: 16, learning_rate: 0.01, seed: 1 } });
  const metrics = run.flatMap((event) => (event.type === "metrics" ? [event] : []));
  const named = (name: string) => metrics.flatMap(({ metrics }) => (name in metrics ? [metrics[name] as number] : []));
  t.ok(named("train/loss").length > 500, `${named("train/loss").length} points of train/loss`);
  t.equal(named("lr").length, named("train/loss").length);
  for (const name of ["val/loss", "samples_per_second", ...SIGNALS.map((signal) => `train/rmse/${signal}`)]) {
    t.equal(named(name).length, 60, name);
  }
  t.ok((named("val/loss").at(-1) as number) < 0.5 * (named("val/loss")[0] as number), "it has learnt");
  const steps = metrics.map(({ step }) => step as number);
  t.same(
    steps,
    [...steps].sort((a, b) => a - b),
    "in order",
  );
  const progress = run.flatMap((event) => (event.type === "progress" ? [event] : []));
  t.match(progress[0], { status: "running", totalSteps: 5580, stage: "training", details: { total: 60 } });
  t.ok(progress.every(({ etaSeconds }) => etaSeconds !== undefined && etaSeconds >= 0 && etaSeconds < 60));
  t.equal(progress.at(-1)?.progress, 100);
  const levels = new Set(run.flatMap((event) => (event.type === "log" ? [event.level] : [])));
  t.ok(levels.has("DEBUG") && levels.has("INFO"));

  const phase = ["workflow_phase_started", "workflow_phase_completed"];
  const phases = [phase, phase, phase, phase].flat();
  t.same(typesOf(workflow), [
    "workflow_execution_created",
    "workflow_execution_started",
    ...phases,
    "workflow_execution_completed",
  ]);
  t.same(
    workflow.flatMap((event) => (event.type === "workflow_phase_started" ? [[event.phaseNumber, event.phase]] : [])),
    [["prepare"], ["train"], ["evaluate"], ["report"]].map(([name], i) => [i + 1, name]),
  );
  const { result } = completed as TidewireEvent & { readonly type: "workflow_execution_completed" };
  const signals = result?.signals as Record<string, { trained_rmse: number; served_rmse: number }>;
  t.same(Object.keys(signals), SIGNALS);
  const evaluation = await client.evaluations.get(String(result?.evaluation).slice("evaluation.".length));
  t.match(evaluation, { status: "completed", rows: 1477, fileName: "demo_validation_rows.csv" });
  t.equal(signals.NOX?.served_rmse, evaluation.quality.NOX?.rmse);
  t.equal(signals.NOX?.trained_rmse, metrics.findLast(({ metrics }) => "val/loss" in metrics)?.metrics["val/rmse/NOX"]);
  t.ok(
    (await client.evaluations.list()).some(
      ({ fileName, rows }) => fileName === "demo_training_rows.csv" && rows === 5907,
    ),
  );

  await witness.told("task.demo.export-1", "task_completed");
  const task = witness.of("task.demo.export-1");
  t.same(
    typesOf(task).filter((type) => type !== "step_progress"),
    ["task_queued", "task_started", "task_completed"],
  );
  t.same(
    [...new Set(task.flatMap((event) => (event.type === "step_progress" ? [event.stage] : [])))],
    ["collect", "save", "check", "tidy up"],
  );
  // The newest: of the older ones only three are kept.
  const done = witness.events.findLast(({ type }) => type === "task_completed");
  const { result: file } = done as TidewireEvent & { readonly type: "task_completed" };
  const lines = readFileSync(join(dataDir, String(file?.path)), "utf8")
    .trimEnd()
    .split("\n");
  t.equal(lines.length, Number(file?.rows) + 1);
  t.ok(Number(file?.rows) >= 50);

  await witness.told("training.demo-mlp-2", "metrics");
  t.match(witness.of("training.demo-mlp-2")[0], { config: { hidden_units: 32, learning_rate: 0.003, seed: 2 } });
  await stdout.until(/ \| training\.demo-mlp-\d+ epoch \d+\/60, val 0\.\d+ \| workflow\.demo-retrain\.\d+ train/);
  await interrupt();
  t.equal(await status, undefined);
  t.match(stdout.text, /\n\d+ rows predicted in /);
});

test("a pause pauses, a stop stops, a cancelled export is gone; the next run begins", async (t) => {
  const { witness, client } = await demo(t, ["--rate", "100", "--training-time", "15"]);
  const [run, workflow] = ["training.demo-mlp-1", "workflow.demo-retrain.1"];
  await witness.told(run, "metrics");
  await client.training.setStatus("demo-mlp-1", "paused", "a look at the curves");
  await witness.find((event) => event.topic === run && event.type === "log" && event.message === "rests");
  await witness.told(workflow, "workflow_execution_paused");
  const restsFrom = witness.events.length;
  // Others go on meanwhile: time enough for a run that does not rest.
  for (let seen = 0, from = restsFrom; seen < 3; seen += 1) {
    const event = await witness.told("task.demo.export-1", "step_progress", undefined, from);
    from = witness.events.indexOf(event) + 1;
  }
  t.same(
    witness.events.slice(restsFrom).filter(({ topic }) => topic === run),
    [],
  );

  await client.getProgress().publish(workflow, { type: "workflow_execution_resumed" });
  await witness.told(run, "status_changed", "running", restsFrom);
  const goesOn = await witness.told(run, "metrics", undefined, restsFrom);
  t.ok(goesOn, "the workflow's resumption is the run's");

  const askedMs = performance.now();
  await client.tasks.cancel("demo", "export-1", "not now");
  await witness.told("task.demo.export-1", "task_cancelled");
  t.ok(performance.now() - askedMs < OBEYED_MS);
  t.match(witness.of("task.demo.export-1").at(-1), { type: "task_cancelled", reason: "stopped on request: not now" });

  await client.training.setStatus("demo-mlp-1", "stopped", "good enough");
  const failed = await witness.told(workflow, "workflow_execution_failed");
  t.match(failed, { phase: "train", error: "train was ended: somebody else has ended it" });
  t.same(statusesOf(witness.of(run)), ["queued", "running", "paused", "running", "stopped"]);
  await witness.told("training.demo-mlp-2", "status_changed", "running");
  await witness.told("task.demo.export-2", "task_started");
});

test("a cancelled workflow stops its run; a cancelled run fails its workflow; a removed run is let go", async (t) => {
  const { witness, client } = await demo(t, ["--rate", "100", "--training-time", "6"]);
  await witness.told("training.demo-mlp-1", "metrics");
  const askedMs = performance.now();
  await client.workflows.cancel("demo-retrain", "1", "too slow");
  const failed = await witness.told("workflow.demo-retrain.1", "workflow_execution_failed");
  t.ok(performance.now() - askedMs < OBEYED_MS);
  t.match(failed, { error: "cancelled: stopped on request: too slow", phase: "train" });
  t.match(await client.training.getInfo("demo-mlp-1"), { status: "stopped", message: "stopped on request: too slow" });

  await witness.told("training.demo-mlp-2", "metrics");
  await client.getProgress().cancel("training.demo-mlp-2");
  t.match(await witness.told("workflow.demo-retrain.2", "workflow_execution_failed"), {
    error: "train was ended: stopped on request",
  });
  t.match(await client.training.getInfo("demo-mlp-2"), { status: "stopped" });

  await witness.told("training.demo-mlp-3", "metrics");
  await client.training.remove("demo-mlp-3");
  await witness.told("workflow.demo-retrain.3", "workflow_execution_failed");
  await witness.told("training.demo-mlp-4", "metrics");
});

test("a signal leaves every topic with an end and no file half done; the next demo counts on", async (t) => {
  const dataDir = t.testdir();
  const { child, ended, witness } = await demoChild(t, dataDir, ["--rate", "100", "--training-time", "30"]);
  await witness.told("training.demo-mlp-1", "metrics");
  await witness.told("task.demo.export-1", "step_progress");
  child.kill("SIGTERM");
  t.same(await ended, [0, null]);
  await witness.client.close();

  const look = await demo(t, ["--no-training"], dataDir);
  const { state: workflow } = await look.client.topics.get("workflow.demo-retrain.1");
  t.match(workflow, { status: "failed", error: "cancelled: the demo was ended" });
  t.match(await look.client.topics.get("task.demo.export-1"), { state: { status: "stopped" } });
  t.match(await look.client.training.getInfo("demo-mlp-1"), { status: "stopped", message: "the demo was ended" });
  const files = readdirSync(dataDir, { recursive: true, encoding: "utf8" });
  t.same(
    files.filter((name) => /\.part|upload|tmp/i.test(name)),
    [],
  );
  await look.interrupt();

  const next = await demoChild(t, dataDir, ["--rate", "100", "--training-time", "30"]);
  await next.witness.told("training.demo-mlp-2", "metrics");
  await next.witness.told("task.demo.export-2", "step_progress");
  next.child.kill("SIGKILL");
  await next.ended;
  await next.witness.client.close();

  const third = await demoChild(t, dataDir, ["--rate", "100", "--training-time", "30"]);
  await third.witness.told("training.demo-mlp-3", "metrics");
  await third.witness.told("task.demo.export-3", "step_progress");
  const died = "the demo that did it has died";
  const { training, topics } = third.witness.client;
  t.match(await training.getInfo("demo-mlp-2"), { status: "failed", message: died });
  t.match(await topics.get("workflow.demo-retrain.2"), { state: { status: "failed", error: died } });
  t.match(await topics.get("task.demo.export-2"), { state: { status: "failed", error: died } });
  third.child.kill("SIGTERM");
  t.same(await third.ended, [0, null]);
});

test("the newest exports are kept", async (t) => {
  const { witness, dataDir } = await demo(t, ["--rate", "500", "--training-time", "0"]);
  await witness.told("task.demo.export-5", "task_completed");
  t.ok(readdirSync(join(dataDir, "exports/demo")).length <= 3 + 1);
});

test("the newest runs and evaluations of the demo are kept, and whatever is not its own", async (t) => {
  const { client } = await demo(t, ["--no-training"]);
  const { training, evaluations } = client;
  const begin = async (experimentId: string, isOver: boolean) => {
    await training.createSession({ experimentId });
    if (isOver) await training.setStatus(experimentId, "stopped");
  };
  for (let number = 1; number <= 12; number += 1) await begin(`demo-mlp-${number}`, number > 1);
  for (const id of ["demo-mlp-01", "demo-mlp", "mine"]) await begin(id, true);
  const rows = "AT,AP,AH,AFDP,GTEP\n10,1013.2,77.1,3.9,25.5\n";
  for (const name of ["rows.csv", ...Array<string>(8).fill("demo_training_rows.csv")]) {
    const { id } = await evaluations.start({ ensembleName: "gas_turbine", file: new File([rows], name) });
    await new Promise((resolve) => {
      client.getProgress().subscribeToEvaluation({ evaluationId: id, onComplete: resolve });
    });
  }
  await keepNewest(client);
  const runs = (await training.list()).sessions.map(({ experimentId }) => experimentId).sort();
  const kept = [1, 10, 11, 12, 3, 4, 5, 6, 7, 8, 9].map((number) => `demo-mlp-${number}`);
  t.same(runs, [...kept, "demo-mlp", "demo-mlp-01", "mine"].sort(), "the one that goes on stays too");
  const files = (await evaluations.list()).map(({ fileName }) => fileName);
  t.same(files, [...Array<string>(6).fill("demo_training_rows.csv"), "rows.csv"]);
  await keepNewest(client);
  t.equal((await training.list()).sessions.length, runs.length);
});

test("--no-training and replays that end or measure have the stream only", async (t) => {
  const { witness, client, dataDir, stdout } = await demo(t, ["--rate", "100", "--no-training"]);
  await stdout.until(/rows\/s, p50/);
  const families = (await client.topics.list()).topics.map(({ topic }) => topic.split(".")[0]);
  t.notOk(families.some((family) => family !== "system"));
  t.notOk(existsSync(join(dataDir, "exports")));
  t.notMatch(stdout.text, "dashboard");
  t.equal(witness.events.filter(({ family }) => family !== "system").length, 0);
  for (const words of [
    ["--rate", "0", "--rows", "50"],
    ["--rows", "5"],
  ]) {
    const folder = join(dataDir, words.join(""));
    const ended = commandLine(t, ["demo", "--port", "0", "--data-dir", folder, ...words], {}, false);
    await ended.status;
    t.match(ended.stdout.text, /\d+ rows predicted/);
    t.notMatch(ended.stdout.text, "training");
  }
  const wrong = commandLine(t, ["demo", "--training-time", "-1"], {}, false);
  t.equal(await wrong.status, 2);
  t.match(wrong.stderr.text, /--training-time.*0 to 86400/s);
});
