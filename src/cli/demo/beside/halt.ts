// Work that ends before it is done, and why.

/** Who ends it: the demo, which ends itself; somebody who asked for it; somebody who has ended the topic already. */
export type Halter = "demo" | "request" | "elsewhere";

/** Reason of the signals that end the demo's work. */
export class Halt extends Error {
  override readonly name = "Halt";

  constructor(
    readonly by: Halter,
    /** Why, for whoever looks at the topic later. */
    message: string,
  ) {
    super(message);
  }
}

/** The reason of an aborted signal; one without a halt is the demo's own end. */
export function haltOf({ reason }: AbortSignal): Halt {
  return reason instanceof Halt ? reason : new Halt("demo", "the demo was ended");
}
