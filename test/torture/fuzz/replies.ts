// Replies read just far enough: whose they are and what they say. Some are read whole, so that no reply is half a message.
import { ServerFrame } from "../../../generated/ts/tidewire/v1/frame.js";
import { ERRORS } from "../../../src/errors.js";
import { frameFromJson } from "../../../src/wire/json.js";
import { planOf } from "../../../src/wire/plan.js";

/** One in so many is read whole. */
const READ_WHOLE = 64;
/** Replies to nothing: what subscriptions are told. */
const PUSHES: ReadonlySet<string> = new Set(["event", "snapshot", "gap", "connected"]);
const ID_TAG = 0x08;
const CODE_TAG = 0x08;

const plan = planOf("ServerFrame");
const KINDS = new Map([...plan.byCase.values()].map(({ number, name }) => [number, name]));
const REPLIES: ReadonlySet<string> = new Set([...KINDS.values()].filter((name) => !PUSHES.has(name)));
const CODES = new Map<number, string>(Object.entries(ERRORS).map(([code, { wireNumber }]) => [wireNumber, code]));

/** What a message of the server is. */
export interface Reply {
  /** 0 without one. */
  readonly id: number;
  /** Name of the body, or an error's code; "push" for what answers nothing. */
  readonly what: string;
}

/** A server said something that is no frame. */
export class ReplyFault extends Error {}

let count = 0;

/** A binary message's. @throws ReplyFault */
export function readProtoReply(bytes: Buffer, start: number, end: number): Reply {
  const whole = isReadWhole() ? ServerFrame.decode(bytes.subarray(start, end)) : undefined;
  let at = start;
  let id = 0;
  if (bytes[at] === ID_TAG) {
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[++at] as number;
      if (shift < 32) id |= (byte & 0x7f) << shift; // a negative one takes ten bytes
      if (byte < 0x80) break;
    }
    at += 1;
  }
  const name = KINDS.get((bytes[at] as number) >>> 3);
  if (at >= end || name === undefined || (whole && whole.id !== id))
    throw new ReplyFault(bytes.toString("hex", start, end));
  if (name === "error") return { id, what: codeAt(bytes, at + 1) };
  return { id, what: PUSHES.has(name) ? "push" : name };
}

function codeAt(bytes: Buffer, lengthAt: number): string {
  let at = lengthAt;
  while ((bytes[at] as number) >= 0x80) at += 1;
  const code = bytes[at + 1] === CODE_TAG ? CODES.get(bytes[at + 2] as number) : undefined;
  if (code === undefined) throw new ReplyFault("an error without a code of the catalogue");
  return code;
}

const HEAD_BYTES = 120;
const HEAD = /^\{"type":"([a-z_]+)"(?:,"id":(-?\d+))?(?:,"error_code":"([A-Z_]+)")?/;

/** A text message's. @throws ReplyFault */
export function readJsonReply(bytes: Buffer, start: number, end: number): Reply {
  if (isReadWhole()) frameFromJson("ServerFrame", JSON.parse(bytes.toString("utf8", start, end)));
  const found = HEAD.exec(bytes.toString("latin1", start, Math.min(end, start + HEAD_BYTES)));
  const [, type = "", id = "0", code] = found ?? [];
  if (type === "" || (type === "error" && !Object.hasOwn(ERRORS, code ?? "")))
    throw new ReplyFault(bytes.toString("utf8", start, end));
  return { id: Number(id), what: REPLIES.has(type) ? (code ?? type) : "push" };
}

function isReadWhole(): boolean {
  count += 1;
  return count % READ_WHOLE === 0;
}
