// The binary codec: ts-proto's generated code with a faster writer, and strict about what it reads.
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { ClientFrame, ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { TidewireError } from "../errors.js";
import { type Codec, FrameError } from "./codec.js";
import { encodeEventFrame } from "./event-bytes.js";
import { createWriter } from "./fast-writer.js";
import { encodeBoostSuffix, matchPredict, PredictionRun } from "./hot.js";
import { PublishedRun } from "./hot-log.js";
import { matchPing, PongRun } from "./hot-ping.js";
import { type Message, planOf } from "./plan.js";
import { outlineOf } from "./structure.js";
import { validate } from "./validate.js";

const PLAN = planOf("ClientFrame");
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Binary messages, one frame each. Bytes fields of a decoded frame are views of the message. */
export const protoCodec: Codec = {
  subprotocol: "tidewire.v1.proto",
  encode: (frame) => ServerFrame.encode(frame, createWriter()).finish(),
  encodeEvent: encodeEventFrame,
  decode,
  hot: {
    matchPredict,
    predictionRun: (rows) => new PredictionRun(rows),
    boostSuffix: encodeBoostSuffix,
    matchLog: (message, found) => found.read(message),
    publishedRun: (ids, positions) => new PublishedRun(ids, positions),
    matchPing,
    pongRun: (timestamp) => new PongRun(timestamp),
  },
};

function decode(message: Uint8Array | string): ClientFrame {
  if (typeof message === "string") throw new FrameError(0, "INVALID_FRAME", "expected a binary message, came text");
  const { id, hasBody, hasKnown, unknown } = outlineOf(message);
  if (!hasKnown) throw new FrameError(0, "INVALID_FRAME", "the bytes hold no field of a ClientFrame");
  if (!hasBody) {
    const what = unknown === 0 ? "has no body" : `has field ${unknown} as its body, which is unknown`;
    throw new FrameError(
      id,
      "UNKNOWN_MESSAGE_TYPE",
      `the frame ${what}`,
      unknown === 0 ? undefined : { field: unknown },
    );
  }
  const frame = decodeGenerated(message, id);
  try {
    validate(PLAN, frame as unknown as Message, "");
  } catch (error) {
    throw error instanceof TidewireError ? new FrameError(id, error.code, error.message, error.details) : error;
  }
  return frame;
}

function decodeGenerated(message: Uint8Array, id: number): ClientFrame {
  try {
    return ClientFrame.decode(new BinaryReader(message, (bytes) => utf8.decode(bytes)));
  } catch (cause) {
    // The bytes nest well: what is left is a string that is no UTF-8, or a number beyond 2^53.
    const reason = cause instanceof Error ? cause.message : "unreadable";
    throw new FrameError(id, "INVALID_FRAME", `no ClientFrame: ${reason}`, undefined, { cause });
  }
}
