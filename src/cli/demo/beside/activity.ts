// What is alive beside the stream at the moment, for the screen.

/** A topic and where it stands, in a few words. */
export interface Going {
  readonly topic: string;
  readonly at: string;
}

/** By what it is; absent when there is none at the moment. */
export interface Activity {
  run?: Going | undefined;
  workflow?: Going | undefined;
  evaluation?: Going | undefined;
  task?: Going | undefined;
}
