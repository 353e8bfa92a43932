// Frames as WebSocket messages: one codec an encoding, picked once a connection.
import type { ClientFrame, ServerFrame } from "../../../../generated/ts/tidewire/v1/frame.js";
import { TidewireClientError } from "../errors.js";
import { readFrame } from "./json-read.js";
import { writeJson } from "./json-write.js";
import { type Message, planOf } from "./plan.js";
import { decodeProto } from "./proto-read.js";
import { ProtoWriter } from "./proto-write.js";

/** How frames travel: binary Protobuf or JSON text. */
export type Encoding = "proto" | "json";

/** Turns client frames into WebSocket messages and messages into server frames. Synchronous. */
export interface ClientCodec {
  readonly subprotocol: `tidewire.v1.${Encoding}`;
  /** The bytes are valid until the next call. */
  encode(frame: ClientFrame): Uint8Array<ArrayBuffer> | string;
  /** A frame of a kind that this version does not know has no body. @throws TidewireClientError INVALID_FRAME */
  decode(message: ArrayBuffer | string): ServerFrame;
}

/** A codec of its own for each connection. */
export function createCodec(encoding: Encoding): ClientCodec {
  return encoding === "json" ? jsonCodec() : protoCodec();
}

function jsonCodec(): ClientCodec {
  const client = planOf("ClientFrame");
  return {
    subprotocol: "tidewire.v1.json",
    // An id of 0 is not said.
    encode: (frame) => JSON.stringify({ ...(writeJson(client, { ...frame }) as Message), id: frame.id || undefined }),
    decode: (message) => decoding(() => readFrame(JSON.parse(message as string))),
  };
}

function protoCodec(): ClientCodec {
  const client = planOf("ClientFrame");
  const server = planOf("ServerFrame");
  const writer = new ProtoWriter();
  return {
    subprotocol: "tidewire.v1.proto",
    encode: (frame) => writer.encode(client, { ...frame }),
    decode: (message) => decoding(() => decodeProto(server, message as ArrayBuffer) as unknown as ServerFrame),
  };
}

/** A message of the other kind fails to be read as well. */
function decoding(read: () => ServerFrame): ServerFrame {
  try {
    return read();
  } catch (cause) {
    throw new TidewireClientError("INVALID_FRAME", "the server sent no valid frame", { cause });
  }
}
