// Section 7 of Autobahn's testsuite: the closing handshake, and the codes and reasons that it may carry.
import { CLOSE, CONTINUATION, frameOf, PING, TEXT } from "../lib/websocket-bytes.js";
import { type FrameCase, failed } from "./case.js";
import { pingText } from "./raw-peer.js";

const GOOD = frameOf(TEXT, pingText(7));
const NORMAL = closeOf(1000);
/** What 1000 is answered with, and the end that the server then makes. */
const ENDED = failed(1000);
/** A reason of the longest length. */
const LONGEST = "*".repeat(123);

function closeOf(code: number, reason: string | Uint8Array = ""): Buffer {
  return frameOf(CLOSE, Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), Buffer.from(reason as Uint8Array)]));
}

const order: FrameCase[] = [
  { id: "7.1.1", what: "good text, then a close", sends: () => [GOOD, NORMAL], hears: ["pong 7", ...ENDED] },
  { id: "7.1.2", what: "two closes", sends: () => [NORMAL, NORMAL], hears: ENDED },
  { id: "7.1.3", what: "a ping behind a close", sends: () => [NORMAL, frameOf(PING, "late")], hears: ENDED },
  { id: "7.1.4", what: "text behind a close", sends: () => [NORMAL, GOOD], hears: ENDED },
  {
    id: "7.1.5",
    what: "a close within a message, then its end",
    sends: () => [frameOf(TEXT, "{", { fin: false }), NORMAL, frameOf(CONTINUATION, "}")],
    hears: ENDED,
  },
  {
    id: "7.1.6",
    what: "256 KiB of text, a close, a ping",
    sends: () => [frameOf(TEXT, pingText(7, 262_144)), NORMAL, frameOf(PING)],
    hears: ["pong 7", ...ENDED],
  },
  { id: "7.3.1", what: "a close without payload", sends: () => [frameOf(CLOSE)], hears: ["CLOSE", "END"] },
  { id: "7.3.2", what: "a close with one byte", sends: () => [frameOf(CLOSE, "x")], hears: failed(1002) },
  { id: "7.3.3", what: "a close with a code", sends: () => [NORMAL], hears: ENDED },
  { id: "7.3.4", what: "a close with a code and a reason", sends: () => [closeOf(1000, "done")], hears: ENDED },
  { id: "7.3.5", what: "a close with the longest reason", sends: () => [closeOf(1000, LONGEST)], hears: ENDED },
  {
    id: "7.3.6",
    what: "a close with a reason a byte too long",
    sends: () => [closeOf(1000, `${LONGEST}*`)],
    hears: failed(1002),
  },
  {
    id: "7.5.1",
    what: "a reason that is no UTF-8",
    sends: () => [closeOf(1000, Uint8Array.of(0xce, 0xba, 0xff))],
    hears: failed(1007),
  },
  {
    id: "T7.1",
    what: "a close without its mask",
    sends: () => [frameOf(CLOSE, "", { mask: undefined })],
    hears: failed(1002),
  },
  {
    id: "T7.2",
    what: "a close that is not final",
    sends: () => [frameOf(CLOSE, "", { fin: false })],
    hears: failed(1002),
  },
];

const VALID = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
/** Kept for those who tell what no frame has said, or nobody's. */
const INVALID = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

const codes: FrameCase[] = [
  ...VALID.map(
    (code, i): FrameCase => ({
      id: `7.7.${i + 1}`,
      what: `close code ${code}`,
      sends: () => [closeOf(code)],
      hears: failed(code),
    }),
  ),
  ...INVALID.map(
    (code, i): FrameCase => ({
      id: `7.9.${i + 1}`,
      what: `close code ${code}, which is none`,
      sends: () => [closeOf(code)],
      hears: failed(1002),
    }),
  ),
];

export const CLOSING: readonly FrameCase[] = [...order, ...codes];
