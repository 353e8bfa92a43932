// What is bounded and has no row in docs/limits.md, with the reason.

const TOLD = "a bound of what the server itself says, not of what it takes";
const OWN = "a bound of the server's own work, which no client runs into";

/** Settings and constants by name. */
export const NOT_A_CLIENTS: Readonly<Record<string, string>> = {
  trustedProxies: "no bound: whose word about addresses is taken",
  maxEvaluations: "further ones wait, up to maxQueuedEvaluations",
  keptEvaluationBytes: "as keptEvaluations: the oldest result goes first",
  // access
  MAX_SCOPES: "of one token, beside MAX_SCOPE_LENGTH: test/unit/access and docs/security.md",
  MAX_SCOPE_LENGTH: "of one scope",
  MAX_NAME_LENGTH: "of a name in the token file",
  MAX_SUBJECT_LENGTH: "of a token's subject, which is cut or refused with the token",
  MAX_VERIFIED: OWN,
  MAX_CLOSED_OFF_BYTES: "of a message before the token: test/integration/access.test.ts",
  // events and runs
  MAX_PENDING_BYTES: "of all publishers together, when the disk does not keep up: OVERLOADED with retry_after_ms",
  MAX_WAITING_BYTES: "of the log's queue behind MAX_PENDING_BYTES, and of frames behind a first token",
  MAX_STATE_METRICS: TOLD,
  MAX_STATE_METRIC_NAME: TOLD,
  MAX_PAGE_BYTES: TOLD,
  MAX_UNFLUSHED: OWN,
  MAX_NAMED: TOLD,
  MAX_PAGES: OWN,
  MAX_GROUP_BYTES: OWN,
  MAX_MISSING: OWN,
  MAX_TOPIC_BYTES: "behind MAX_TOKEN_LENGTH and MAX_TOKENS",
  MAX_KEY_BYTES: "behind idempotency_key",
  MAX_NAME_BYTES: "behind metric name",
  // http
  MAX_FILE_NAME: "cut, not refused",
  MAX_TOPICS: TOLD,
  MAX_SEARCHES: "of all clients' listings together, OVERLOADED with retry_after_ms: test/unit/http/visible.test.ts",
  MAX_SCANNED: "a page that looks further ends early, and `next` goes on",
  MAX_CLIENT_ID_LENGTH: "cut, not refused",
  // inference and jobs
  MAX_TOKEN_BYTES: OWN,
  MAX_RUN_US: OWN,
  MAX_SIGNALS: "of a model's directory, not of a request",
  MAX_MANIFEST_BYTES: "of a model's directory, not of a request",
  MAX_US: OWN,
  MAX_NAMES: TOLD,
  MAX_SIZE: "of a tensor's dimension: beyond what any frame can hold",
  MAX_RESTART_DELAY_MS: OWN,
  MAX_COST_MULTIPLE: OWN,
  MAX_PAUSE_MS: OWN,
  MAX_TRIES: OWN,
  MAX_RECORD_BYTES: "of an evaluation's own file",
  MAX_MESSAGE_BYTES: TOLD,
  MAX_ADDRESSES: "of the table of rates: the oldest are forgotten",
  // wire and ws
  MAX_EXPLAINED: TOLD,
  MAX_SHOWN: TOLD,
  MAX_SHOWN_NAME: TOLD,
  MAX_SHOWN_URL: TOLD,
  MAX_QUOTED: TOLD,
  MAX_REASON_BYTES: TOLD,
  MAX_MESSAGE: TOLD,
  MAX_DIGITS: TOLD,
  MAX_LINE_FRAME_BYTES: "longer lines take the general way",
  MAX_SOURCE_BYTES: "other lines take the general way, where events.proto bounds them",
  MAX_PAYLOAD: "the name of a field of ws; the bound is maxFrameBytes",
  MAX_LENGTH_16: "of RFC 6455: the length takes eight bytes then",
};
