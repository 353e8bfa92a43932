// For apps and sessions of tests that are about something else: nobody is refused.
import type { AdmissionLimits } from "../../src/http/admission.js";
import type { Lateness } from "../../src/limits/late-loop.js";

/** A loop that is never late. */
export const IN_TIME: Lateness = { isLate: false, retryAfterMs: 500 };

/** Room for everybody. */
export const UNBOUNDED: AdmissionLimits & { trustedProxies: string } = {
  maxConnections: 1_000,
  maxConnectionsPerAddress: 1_000,
  maxRequestsPerSecond: 0,
  trustedProxies: "none",
};
