// From where on a figure says that something is wrong.

/** Mean delay of the event loop that everybody notices: ten times a round trip on a good network. */
export const LATE_LOOP_MS = 50;
/** Mean delay at which the server is of no use: requests are older than their clients' patience. */
export const LOST_LOOP_MS = 1_000;
/** Share of the connections allowed that leaves little room for those that come back after a restart. */
export const CONNECTIONS_SHARE = 0.9;
/** Free space of which a busy log fills most within minutes. */
export const LITTLE_SPACE_BYTES = 512 * 1024 * 1024;
/** Free space that is as good as none: the log's next segments may not fit. */
export const NO_SPACE_BYTES = 16 * 1024 * 1024;
