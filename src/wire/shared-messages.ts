// Messages that go to many connections as they are: encoded once, framed once.

/** One or more messages in one encoding, in order. What they hold is never written to again. */
export class SharedMessages {
  readonly messages: readonly (Uint8Array | string)[];
  /** Payload bytes of all of them. */
  readonly bytes: number;
  /** The messages as their transport frames them; filled in by the first connection that sends them. */
  framed: Uint8Array | undefined;

  constructor(messages: readonly (Uint8Array | string)[]) {
    this.messages = messages;
    let bytes = 0;
    for (const message of messages) bytes += typeof message === "string" ? Buffer.byteLength(message) : message.length;
    this.bytes = bytes;
  }
}
