import type { Measurement } from "../lib/bench.js";
import { lines } from "./lines.js";
import { lmdb } from "./lmdb.js";
import { million } from "./million.js";
import { profile } from "./profile.js";
import { retention } from "./retention.js";
import { tenThousandTopics } from "./ten-thousand-topics.js";

/** What is published is kept: how fast, how much, and what it takes to come back to it. */
export const ingest: readonly Measurement[] = [lines, million, tenThousandTopics, retention, lmdb, profile];
