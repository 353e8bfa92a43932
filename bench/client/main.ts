// The client's process.
import { serveJobs } from "../lib/jobs.js";
import { badFrames } from "./bad-frames.js";
import { flood } from "./flood.js";
import { paced } from "./paced.js";
import { pings } from "./pings.js";
import { roundTrip } from "./round-trip.js";

serveJobs({ flood, roundTrip, paced, pings, badFrames });
