// The client's process.
import { serveJobs } from "../lib/jobs.js";
import { badFrames } from "./bad-frames.js";
import { catchUp } from "./catch-up.js";
import { disperse, fanOut, gather, metronome } from "./crowd.js";
import { flood } from "./flood.js";
import { hold, release } from "./idle.js";
import { ingest } from "./ingest.js";
import { paced } from "./paced.js";
import { pings } from "./pings.js";
import { lowerPriority, pour, stopPouring } from "./pour.js";
import { quiet } from "./quiet.js";
import { roundTrip } from "./round-trip.js";
import { bystanders, openSpread, pass } from "./spread.js";
import { storm } from "./storm.js";

serveJobs({
  ...{ flood, roundTrip, paced, pings, badFrames },
  ...{ gather, fanOut, metronome, disperse },
  ...{ hold, release, storm },
  ...{ bystanders, openSpread, pass },
  ...{ ingest, catchUp },
  ...{ quiet, pour, stopPouring, lowerPriority },
});
