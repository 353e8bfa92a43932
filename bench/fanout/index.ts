import type { Measurement } from "../lib/bench.js";
import { bursts, single, socketio } from "./bursts.js";
import { idleMemory } from "./idle-memory.js";
import { latency } from "./latency.js";
import { profile } from "./profile.js";
import { storm } from "./storm.js";
import { topics } from "./topics.js";

/** One says it, many hear it: how fast, how soon, and what it costs to listen. */
export const fanout: readonly Measurement[] = [bursts, single, socketio, latency, idleMemory, storm, topics, profile];
