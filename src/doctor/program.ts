// What the server runs on: Node.js, ONNX Runtime, and GPUs where there are some.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { runtimeProviders } from "../inference/providers.js";
import { NO_PROGRAM } from "../stats/nvidia-smi.js";
import { type Check, type Finding, fault, note, ok } from "./finding.js";

/** The oldest Node.js that has all the server uses. */
const OLDEST = [20, 19] as const;
/** A driver that is starting may take seconds to answer. */
const GPU_TIMEOUT_MS = 10_000;

export const examineProgram: Check = async ({ nvidiaSmi, executionProvider }) => [
  nodeVersion(process.versions.node),
  runtime(executionProvider),
  await gpus(nvidiaSmi),
];

/** @param version "20.19.0" */
export function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  if (isNewEnough) return ok("Node.js", `${version} on ${process.platform} ${process.arch}`);
  return fault("Node.js", version, `install ${OLDEST.join(".")} or newer: https://nodejs.org`);
}

function runtime(wanted: string): Finding {
  const names = runtimeProviders();
  return ok("ONNX Runtime", `execution providers ${names.join(", ")}; ${wanted} is configured`);
}

async function gpus(program: string): Promise<Finding> {
  if (program === NO_PROGRAM) return note("GPUs", "not looked for: nvidiaSmi is off");
  try {
    const { stdout } = await promisify(execFile)(program, ["--list-gpus"], { timeout: GPU_TIMEOUT_MS });
    const found = stdout.trim().split("\n").filter(Boolean);
    return ok("GPUs", found.map((line) => line.replace(/ \(UUID.*/, "")).join(", ") || "none");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return note("GPUs", code === "ENOENT" ? `none: there is no ${program}` : `not told of: ${message.trim()}`);
  }
}
