// For apps and sessions of tests that are about something else: nobody is refused.
import type { OriginSettings } from "../../src/access/origins.js";
import type { AdmissionLimits } from "../../src/http/admission.js";
import type { AppContext } from "../../src/http/app.js";
import type { Lateness } from "../../src/limits/late-loop.js";
import { OPEN_ACCESS } from "./access.js";

/** A loop that is never late. */
export const IN_TIME: Lateness = { isLate: false, retryAfterMs: 500 };

/** A loop that is in time, and no question for tokens. */
export const WELCOME: AppContext = { lateness: IN_TIME, authenticator: OPEN_ACCESS };

/** Room for everybody. */
export const UNBOUNDED: AdmissionLimits & { trustedProxies: string } & OriginSettings = {
  maxConnections: 1_000,
  maxConnectionsPerAddress: 1_000,
  maxRequestsPerSecond: 0,
  trustedProxies: "none",
  allowedOrigins: [],
  host: "127.0.0.1",
};
