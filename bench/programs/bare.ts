// The physical limit: onnxruntime alone, the same rows again and again, nothing else in the process.
import { InferenceSession, Tensor } from "onnxruntime-node";
import { serveJobs } from "../lib/jobs.js";

interface RunOptions {
  readonly path: string;
  readonly threads: number;
  /** Rows of each run. */
  readonly batch: number;
  readonly ms: number;
}

const sessions = new Map<string, Promise<InferenceSession>>();

function load({ path, threads }: RunOptions): Promise<InferenceSession> {
  const known = sessions.get(`${path} ${threads}`);
  const session =
    known ?? InferenceSession.create(path, { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 4 });
  sessions.set(`${path} ${threads}`, session);
  return session;
}

/** Rows a second. */
async function run(options: RunOptions): Promise<number> {
  const session = await load(options);
  const spec = session.inputMetadata[0];
  const width = spec?.isTensor ? Number(spec.shape.at(-1)) : 0;
  const values = Float32Array.from({ length: options.batch * width }, (_, i) => Math.sin(i));
  const feeds = { [session.inputNames[0] as string]: new Tensor("float32", values, [options.batch, width]) };
  await session.run(feeds);
  const startMs = performance.now();
  let runs = 0;
  while (performance.now() - startMs < options.ms) {
    await session.run(feeds);
    runs += 1;
  }
  return (runs * options.batch * 1000) / (performance.now() - startMs);
}

serveJobs({ run });
