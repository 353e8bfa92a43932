// The examination as a whole.
import type { Config } from "../config/index.js";
import { type Check, type Finding, fault } from "./finding.js";

/** A side of the machine, and where its check is. */
interface Side {
  readonly subject: string;
  load(): Promise<Check>;
}

/** In the order in which one thing needs another. Each is loaded by itself: a native module that does not load is a finding. */
const SIDES: readonly Side[] = [
  { subject: "machine", load: async () => (await import("./machine.js")).examineMachine },
  { subject: "Node.js and ONNX Runtime", load: async () => (await import("./program.js")).examineProgram },
  { subject: "data folder", load: async () => (await import("./data-folder.js")).examineDataFolder },
  { subject: "models", load: async () => (await import("./models.js")).examineModels },
  { subject: "network", load: async () => (await import("./network.js")).examineNetwork },
];

/** Follows an examination. */
export interface Examiner {
  /** This is being looked at now. */
  begun(subject: string): void;
  found(finding: Finding): void;
}

/** Looks at everything that a server with this configuration needs. Never throws for what it finds. */
export async function examine(config: Config, examiner: Examiner): Promise<void> {
  for (const side of SIDES) {
    examiner.begun(side.subject);
    for (const finding of await findingsOf(side, config)) examiner.found(finding);
  }
}

async function findingsOf({ subject, load }: Side, config: Config): Promise<readonly Finding[]> {
  try {
    const check = await load();
    return await check(config);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [fault(subject, `could not be looked at: ${reason}`, "mend that first, then ask again")];
  }
}
