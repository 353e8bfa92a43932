// What a log could not read when it was opened.

/** A segment that is lost, as far as the log is concerned. */
export interface LostSegment {
  readonly number: number;
  /** Why. */
  readonly reason: string;
  /** Where its file is kept; undefined when there is none. */
  readonly keptAt: string | undefined;
}

/** What a topic may have lost. */
export interface TopicLoss {
  readonly topic: string;
  /** Offset of the first event that is not to be had; all before `to` are not, or none when nothing followed. */
  readonly from: number;
  /** Offset of the first event behind the hole; undefined where it is not known whether there was one. */
  readonly to: number | undefined;
}

/** What is lost of a log. */
export interface LogLosses {
  readonly segments: readonly LostSegment[];
  readonly topics: readonly TopicLoss[];
}

export const NO_LOSSES: LogLosses = { segments: [], topics: [] };
