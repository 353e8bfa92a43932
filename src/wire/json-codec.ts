// The JSON codec of the server.
import { type Codec, FrameError } from "./codec.js";
import { decodeEvent } from "./event-bytes.js";
import { frameFromJson, frameToJson } from "./json.js";
import { checkJsonSize } from "./json-limits.js";
import { errorPosition } from "./json-position.js";

/** Type of an event whose kind this version does not know. */
const UNKNOWN_EVENT = "unknown";

/** Text messages, one JSON object each. */
export const jsonCodec: Codec = {
  subprotocol: "tidewire.v1.json",
  encode: (frame) => JSON.stringify(frameToJson("ServerFrame", frame)),
  encodeEvent: (placed) => {
    const event = decodeEvent(placed);
    if (event.kind)
      return JSON.stringify(frameToJson("ServerFrame", { id: 0, body: { $case: "event", value: event } }));
    // Kept by a later version: that it happened is all that this one can tell.
    const { topic, generation, offset } = event;
    return JSON.stringify({ type: UNKNOWN_EVENT, topic, generation, offset, data: {} });
  },
  decode: (message) => {
    if (typeof message !== "string") throw new FrameError(0, "INVALID_FRAME", "expected a text message, came bytes");
    checkJsonSize(message);
    return frameFromJson("ClientFrame", parse(message));
  },
};

/** Longest text whose fault is looked for: finding it costs more than parsing. */
const MAX_EXPLAINED = 256 * 1024;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (text.length > MAX_EXPLAINED) throw new FrameError(0, "INVALID_JSON", "no JSON", undefined, { cause });
    const position = errorPosition(text);
    const what = position < text.length ? `unexpected character at position ${position}` : "the text ends too early";
    throw new FrameError(0, "INVALID_JSON", `no JSON: ${what}`, { position }, { cause });
  }
}
