// What has passed through the connections since the start, and what open ones there are.

/** Counters; whoever does something counts it. */
export class Traffic {
  framesIn = 0;
  framesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Events of latest kinds that slow readers were not told. */
  droppedFrames = 0;
  /** Connections closed with 4008. */
  slowConsumerCloses = 0;
}
