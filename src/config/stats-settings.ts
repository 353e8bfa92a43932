// The settings of this host's load.
import { hostname } from "node:os";
import { integer, text } from "./setting.js";

/** A token of a topic. */
const TOKEN = /^[A-Za-z0-9_-]{1,128}$/;
const MAX_TOKEN_LENGTH = 128;

/** The host's name as a token: `gpu-1.lab` is `gpu-1-lab`. */
export function toNodeName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, MAX_TOKEN_LENGTH) || "host";
}

/** The load of this host. */
export const STATS_SETTINGS = {
  nodeName: text({
    default: toNodeName(hostname()),
    defaultText: "the host's name, with - for what a topic cannot hold",
    placeholder: "<name>",
    pattern: TOKEN,
    allowed: "1 to 128 of A-Z a-z 0-9 _ -",
    description: "name of this host in system.<name>",
    reason: "A container's host name changes with each start; a name of its own keeps its topic.",
  }),
  statsIntervalMs: integer({
    default: 1000,
    min: 100,
    max: 10_000,
    unit: "ms",
    description: "time between two samples of the host's load",
    reason:
      "One sample serves all who watch; nothing is sampled while nobody does. GPUs are looked at once a second at most.",
  }),
  nvidiaSmi: text({
    default: "nvidia-smi",
    placeholder: "<path>",
    pattern: /^[^\0]+$/,
    allowed: "a name on the PATH, a path, or off",
    description: "program that tells of NVIDIA GPUs; off looks for none",
    reason: "One process while somebody watches; without the program there are no GPUs, and that is no error.",
  }),
} as const;
