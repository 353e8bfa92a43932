// Execution providers: where onnxruntime computes, and what to do when one is not there.
import { listSupportedBackends } from "onnxruntime-node";
import type { GraphOptions } from "./executor.js";
import { Graphs } from "./graphs.js";

const CUDA_STEP =
  "fetch its libraries once with `ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js` (needs CUDA 12 and cuDNN 9 on the machine)";

/** What to do for a provider that could not be started. */
const REMEDIES: Readonly<Record<string, string>> = {
  cuda: CUDA_STEP,
  tensorrt: `${CUDA_STEP} and TensorRT`,
  webgpu:
    "install a Vulkan driver of your GPU and its loader (Debian: `apt-get install libvulkan1 mesa-vulkan-drivers`)",
  dml: "it exists on Windows only",
  coreml: "it exists on macOS only",
};

/** Names of the execution providers that this build of the runtime can try to start. */
export function runtimeProviders(): readonly string[] {
  return listSupportedBackends().map(({ name }) => name);
}

/** The machine cannot run a model the way the configuration asks for; the server does not start. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
}

/**
 * Loads graphs on the provider asked for.
 *
 * @throws ProviderError when the same graphs load on the CPU: then it is the provider that is absent
 * @throws Error with the runtime's reason when the graphs themselves are broken
 */
export async function loadOnProvider(name: string, options: GraphOptions): Promise<Graphs> {
  try {
    return await Graphs.load(options);
  } catch (cause) {
    if (options.executionProvider === "cpu" || !(await loadsOnCpu(options))) throw cause;
    throw absent(name, options.executionProvider, cause);
  }
}

async function loadsOnCpu(options: GraphOptions): Promise<boolean> {
  try {
    await using graphs = await Graphs.load({ ...options, executionProvider: "cpu" });
    return graphs.specs.inputs.length > 0;
  } catch {
    return false; // Broken graphs: the caller tells the first reason.
  }
}

function absent(model: string, provider: string, cause: unknown): ProviderError {
  const remedy = REMEDIES[provider] ?? "no such provider is known to this build of onnxruntime";
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `model ${model} asks for the execution provider "${provider}", which does not start here (${reason}). To use it: ${remedy}. To go without: set executionProvider to "cpu".`;
  return new ProviderError(message, { cause });
}
