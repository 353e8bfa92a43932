// Servers that tell many what one says: Tidewire, and its peers with the very same bytes.
import { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { toFrame } from "./frames.js";
import { LeanSocket } from "./lean-socket.js";
import { encodePushed, encodeSubscribe, offsetOf } from "./lines.js";
import { openTopics, Publisher } from "./publisher.js";

/** Where to go. */
export interface VenueOptions {
  readonly is: "tidewire" | "ws" | "socketio";
  readonly port: number;
}

/** Takes the offset of each event that a subscriber gets; −1 for what is none. */
export type OffsetListener = (offset: number) => void;

/** Says the next events to everybody, so many of them in one write. */
export interface Speaker {
  say(count: number): void;
  /** Waits until the server has acknowledged them, where it does. @throws Error when it has refused one */
  settle(): Promise<void>;
  /** Why it will not. */
  readonly failure: Error | undefined;
  close(): void;
}

/** A server, as one who speaks and many who listen see it. */
export interface Venue {
  /** Offset of the last event before anybody has spoken. */
  readonly start: number;
  readonly speaker: Speaker;
  /** A subscriber; what it gets from now on goes to the listener. */
  join(read: Buffer, listen: OffsetListener, lost: () => void): Promise<LeanSocket>;
}

/** The peers' topic and generation: as long as Tidewire's own, so that events have the same size. */
const PEER_GENERATION = 1;

/** Opens a venue for one topic. */
export async function openVenue({ is, port }: VenueOptions, topic: string): Promise<Venue> {
  if (is === "tidewire") return openTidewire(port, topic);
  const open = is === "ws" ? openPlain : openRoom;
  return open(port, topic);
}

async function openTidewire(port: number, topic: string): Promise<Venue> {
  const publisher = await Publisher.open(port, [topic]);
  const { offset: start } = publisher.topics[0] ?? { offset: 0 };
  const speaker: Speaker = {
    say: (count) => publisher.publish(count),
    settle: () => publisher.settle(),
    get failure() {
      return publisher.failure;
    },
    close: () => publisher.close(),
  };
  return { start, speaker, join: (...listening) => joinTidewire(port, topic, ...listening) };
}

async function joinTidewire(
  port: number,
  topic: string,
  read: Buffer,
  listen: OffsetListener,
  lost: () => void,
): Promise<LeanSocket> {
  const socket = await openTopics(port, read);
  const reply = socket.next();
  socket.write(toFrame(encodeSubscribe(1, { topic })));
  const { body } = ServerFrame.decode(await reply);
  if (body?.$case !== "subscribed") throw new Error(`not subscribed: ${JSON.stringify(body)}`);
  socket.onFrame = (bytes, start) => listen(offsetOf(bytes, start));
  socket.onClose = lost;
  return socket;
}

/** A `ws` server that sends what a speaker says to each of its clients. */
async function openPlain(port: number, topic: string): Promise<Venue> {
  const socket = await LeanSocket.open({ port, path: "/speaker" });
  return {
    start: 0,
    speaker: new PeerSpeaker(socket, topic, (event) => [toFrame(event)]),
    join: async (read, listen, lost) => {
      const joined = await LeanSocket.open({ port, path: "/" }, read);
      joined.onFrame = (bytes, start) => listen(offsetOf(bytes, start));
      joined.onClose = lost;
      return joined;
    },
  };
}

const ENGINE_PATH = "/socket.io/?EIO=4&transport=websocket";
const ENGINE_PING = 0x32;
const PONG = toFrame("3");
const JOIN = toFrame("40");
const TEXT = 1;
/** An event with one attachment, as socket.io-parser writes it; the attachment is the message behind it. */
const PUBLISH = toFrame('451-["publish",{"_placeholder":true,"num":0}]');

/** A Socket.IO server, spoken to as its own client does (Engine.IO 4, WebSocket only), but read by the same lean reader. */
async function openRoom(port: number, topic: string): Promise<Venue> {
  const ignore = (): void => {};
  const socket = await joinRoom(port, "&speaker=1", Buffer.allocUnsafeSlow(4096), ignore, ignore);
  return {
    start: 0,
    speaker: new PeerSpeaker(socket, topic, (event) => [PUBLISH, toFrame(event)]),
    join: (read, listen, lost) => joinRoom(port, "", read, listen, lost),
  };
}

async function joinRoom(
  port: number,
  query: string,
  read: Buffer,
  listen: OffsetListener,
  lost: () => void,
): Promise<LeanSocket> {
  let joined = (): void => {};
  const isJoined = new Promise<void>((resolve, reject) => {
    joined = resolve;
    setTimeout(reject, JOIN_TIMEOUT_MS, new Error("no reply of Socket.IO")).unref();
  });
  const socket = await LeanSocket.open({ port, path: `${ENGINE_PATH}${query}` }, read, (bytes, start, end, opcode) => {
    if (opcode !== TEXT) return listen(offsetOf(bytes, start));
    if (bytes[start] === ENGINE_PING) return socket.write(PONG);
    if (bytes.toString("latin1", start, Math.min(end, start + 3)) === "40{") joined();
  });
  socket.onClose = lost;
  socket.write(JOIN);
  await isJoined;
  return socket;
}

const JOIN_TIMEOUT_MS = 20_000;

/** Speaks to a peer: events with their offsets, which the peer passes on as they are. */
class PeerSpeaker implements Speaker {
  readonly failure = undefined;
  readonly #socket: LeanSocket;
  readonly #topic: string;
  readonly #frame: (event: Uint8Array) => Uint8Array[];
  #said = 0;

  constructor(socket: LeanSocket, topic: string, frame: (event: Uint8Array) => Uint8Array[]) {
    this.#socket = socket;
    this.#topic = topic;
    this.#frame = frame;
  }

  say(count: number): void {
    const frames: Uint8Array[] = [];
    for (let i = 0; i < count; i += 1) {
      this.#said += 1;
      frames.push(...this.#frame(this.#event(this.#said)));
    }
    this.#socket.write(Buffer.concat(frames));
  }

  #event(offset: number): Uint8Array {
    return encodePushed(this.#topic, offset - 1, { generation: PEER_GENERATION, offset });
  }

  async settle(): Promise<void> {}

  close(): void {
    this.#socket.destroy();
  }
}
