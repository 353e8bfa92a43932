// A program's side of calls: jobs by name, asked for and answered over the parent's channel.

/** A call. */
export interface Call {
  readonly id: number;
  readonly job: string;
  readonly options: unknown;
}

/** Its answer. */
export type Reply = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });

/** No program outlives this, whatever became of its parent. */
const LIFETIME_MS = 30 * 60_000;

// biome-ignore lint/suspicious/noExplicitAny: each job names its own options; they come from the one caller.
type Job = (options: any) => Promise<unknown>;

/** What every program can be asked for. Memory is told after a collection where `--expose-gc` allows one. */
const COMMON: Readonly<Record<string, Job>> = {
  cpuUs: async () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  memory: async () => {
    globalThis.gc?.();
    return process.memoryUsage();
  },
};

/** Does the jobs it is asked for, and the common ones, until the parent is gone. */
export function serveJobs(jobs: Readonly<Record<string, Job>>, lifetimeMs = LIFETIME_MS): void {
  process.once("disconnect", () => process.exit());
  setTimeout(() => process.exit(1), lifetimeMs).unref();
  process.on("message", async ({ id, job, options }: Call) => {
    const say = (reply: Reply): void => void process.send?.(reply);
    try {
      const found = jobs[job] ?? COMMON[job];
      if (!found) throw new Error(`no job "${job}"`);
      say({ id, result: await found(options) });
    } catch (error) {
      say({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.send?.({ id: 0, result: "ready" } satisfies Reply);
}
