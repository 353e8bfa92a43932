// Connections that say nothing.
import { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { toFrame } from "./frames.js";
import { LeanSocket, type Target } from "./lean-socket.js";
import { encodeSubscribe } from "./lines.js";

/** Connections to be held. */
export interface HoldOptions {
  readonly target: Target;
  readonly count: number;
  /** What each of them is subscribed to; absent: nothing. */
  readonly topic?: string;
}

const OPEN_AT_ONCE = 50;
const READ_BYTES = 64 * 1024;

const held: LeanSocket[] = [];

/** Opens connections and keeps them until {@link release}. @throws Error when a subscription is refused */
export async function hold({ target, count, topic }: HoldOptions): Promise<void> {
  const read = Buffer.allocUnsafeSlow(READ_BYTES);
  for (let left = count; left > 0; left -= OPEN_AT_ONCE) {
    const opening = Array.from({ length: Math.min(OPEN_AT_ONCE, left) }, () => LeanSocket.open(target, read));
    const opened = await Promise.all(opening);
    held.push(...opened);
    if (topic !== undefined) await Promise.all(opened.map((socket) => subscribe(socket, topic)));
  }
}

async function subscribe(socket: LeanSocket, topic: string): Promise<void> {
  const reply = socket.next();
  socket.write(toFrame(encodeSubscribe(1, { topic })));
  const { body } = ServerFrame.decode(await reply);
  if (body?.$case !== "subscribed") throw new Error(`not subscribed: ${JSON.stringify(body)}`);
}

/** Lets all of them go. */
export async function release(): Promise<void> {
  for (const socket of held.splice(0)) socket.destroy();
}
