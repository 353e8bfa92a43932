// Sections 1 to 5 of Autobahn's testsuite: sizes, pings, reserved bits, opcodes, fragments.
import { BINARY, CLOSE, CONTINUATION, frameOf, PING, PONG, TEXT } from "../lib/websocket-bytes.js";
import { chops, type FrameCase, failed, octets } from "./case.js";
import { pingBytes, pingText } from "./raw-peer.js";

const GOOD = frameOf(TEXT, pingText(7));
/** The edges of the three forms of a length. */
const SIZES = [125, 126, 127, 128, 65_535, 65_536];

const sizes: FrameCase[] = [
  { id: "1.1.1", what: "an empty text message", sends: () => [frameOf(TEXT)], hears: ["INVALID_JSON"] },
  ...SIZES.map((size, i) => text(`1.1.${i + 2}`, size, [frameOf(TEXT, pingText(7, size))])),
  text("1.1.8", 65_536, chops(frameOf(TEXT, pingText(7, 65_536)), 997)),
  {
    id: "1.2.1",
    what: "an empty binary message",
    subprotocol: "tidewire.v1.proto",
    sends: () => [frameOf(BINARY)],
    hears: ["INVALID_FRAME"],
  },
  ...SIZES.map((size, i) => binary(`1.2.${i + 2}`, size, [frameOf(BINARY, pingBytes(7, size))])),
  binary("1.2.8", 65_536, chops(frameOf(BINARY, pingBytes(7, 65_536)), 997)),
];

function text(id: string, size: number, sends: Uint8Array[]): FrameCase {
  const pieces = sends.length === 1 ? "" : `, in pieces of ${sends[0]?.length}`;
  return { id, what: `a text message of ${size} bytes${pieces}`, gap: "turn", sends: () => sends, hears: ["pong 7"] };
}

function binary(id: string, size: number, sends: Uint8Array[]): FrameCase {
  return { ...text(id, size, sends), what: `a binary message of ${size} bytes`, subprotocol: "tidewire.v1.proto" };
}

const WITHOUT_PAYLOAD = "PONG ";
const LONGEST = Buffer.alloc(125, 0xfe);

const pings: FrameCase[] = [
  { id: "2.1", what: "a ping without payload", sends: () => [frameOf(PING)], hears: [WITHOUT_PAYLOAD] },
  { id: "2.2", what: "a ping with text", sends: () => [frameOf(PING, "hello")], hears: ["PONG hello"] },
  {
    id: "2.3",
    what: "a ping with bytes that are no UTF-8",
    sends: () => [frameOf(PING, Uint8Array.of(0, 255, 254))],
    hears: ["PONG \u0000\u00ff\u00fe"],
  },
  { id: "2.4", what: "a ping of 125 bytes", sends: () => [frameOf(PING, LONGEST)], hears: ["PONG (125)"] },
  { id: "2.5", what: "a ping of 126 bytes", sends: () => [frameOf(PING, Buffer.alloc(126))], hears: failed(1002) },
  {
    id: "2.6",
    what: "a ping of 125 bytes, byte by byte",
    gap: "turn",
    sends: () => octets(frameOf(PING, LONGEST)),
    hears: ["PONG (125)"],
  },
  { id: "2.7", what: "a pong that nobody asked for", sends: () => [frameOf(PONG)], hears: [] },
  { id: "2.8", what: "the same with a payload", sends: () => [frameOf(PONG, "unasked")], hears: [] },
  {
    id: "2.9",
    what: "such a pong, then a ping",
    sends: () => [frameOf(PONG, "unasked"), frameOf(PING, "a")],
    hears: ["PONG a"],
  },
  { id: "2.10", what: "ten pings at once", sends: () => tenPings(), hears: tenPongs() },
  {
    id: "2.11",
    what: "ten pings, byte by byte",
    gap: "turn",
    sends: () => tenPings().flatMap(octets),
    hears: tenPongs(),
  },
];

function tenPings(): Buffer[] {
  return Array.from({ length: 10 }, (_, i) => frameOf(PING, `ping ${i}`));
}

function tenPongs(): string[] {
  return Array.from({ length: 10 }, (_, i) => `PONG ping ${i}`);
}

const reserved: FrameCase[] = [
  {
    id: "3.1",
    what: "text with RSV3",
    sends: () => [frameOf(TEXT, pingText(7), { reserved: 1 })],
    hears: failed(1002),
  },
  ...[2, 3, 4].map(
    (bits, i): FrameCase => ({
      id: `3.${i + 2}`,
      what: `good text, text with reserved bits ${bits}, a ping`,
      gap: i === 0 ? "none" : "turn",
      sends: () =>
        [GOOD, frameOf(TEXT, pingText(8), { reserved: bits }), frameOf(PING)].flatMap((frame) =>
          i === 2 ? octets(frame) : [frame],
        ),
      hears: ["pong 7", ...failed(1002)],
    }),
  ),
  {
    id: "3.5",
    what: "binary with reserved bits 5",
    sends: () => [frameOf(BINARY, "x", { reserved: 5 })],
    hears: failed(1002),
  },
  {
    id: "3.6",
    what: "a ping with reserved bits 6",
    sends: () => [frameOf(PING, "x", { reserved: 6 })],
    hears: failed(1002),
  },
  {
    id: "3.7",
    what: "a close with all reserved bits",
    sends: () => [frameOf(CLOSE, "", { reserved: 7 })],
    hears: failed(1002),
  },
];

const opcodes: FrameCase[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode, i): FrameCase[] => {
  const id = i < 5 ? `4.1.${i + 1}` : `4.2.${i - 4}`;
  return [
    { id, what: `opcode ${opcode} without payload`, sends: () => [frameOf(opcode)], hears: failed(1002) },
    {
      id: `${id}b`,
      what: `good text, then opcode ${opcode} with payload, then a ping`,
      sends: () => [GOOD, frameOf(opcode, "x"), frameOf(PING)],
      hears: ["pong 7", ...failed(1002)],
    },
  ];
});

const [HALF, REST] = [pingText(7).slice(0, 10), pingText(7).slice(10)];
const start = frameOf(TEXT, HALF, { fin: false });
const end = frameOf(CONTINUATION, REST);
const between = frameOf(PING, "between");
const lost = (fin: boolean) => frameOf(CONTINUATION, "lost", { fin });

const fragments: FrameCase[] = [
  {
    id: "5.1",
    what: "a ping in two fragments",
    sends: () => [frameOf(PING, "a", { fin: false }), frameOf(CONTINUATION, "b")],
    hears: failed(1002),
  },
  {
    id: "5.2",
    what: "a pong in two fragments",
    sends: () => [frameOf(PONG, "a", { fin: false }), frameOf(CONTINUATION, "b")],
    hears: failed(1002),
  },
  { id: "5.3", what: "text in two fragments", sends: () => [start, end], hears: ["pong 7"] },
  { id: "5.4", what: "the same, read one by one", gap: "turn", sends: () => [start, end], hears: ["pong 7"] },
  {
    id: "5.5",
    what: "the same, byte by byte",
    gap: "turn",
    sends: () => [start, end].flatMap(octets),
    hears: ["pong 7"],
  },
  {
    id: "5.6",
    what: "a ping between two fragments",
    sends: () => [start, between, end],
    hears: ["PONG between", "pong 7"],
  },
  {
    id: "5.7",
    what: "the same, read one by one",
    gap: "turn",
    sends: () => [start, between, end],
    hears: ["PONG between", "pong 7"],
  },
  {
    id: "5.8",
    what: "the same, byte by byte",
    gap: "turn",
    sends: () => [start, between, end].flatMap(octets),
    hears: ["PONG between", "pong 7"],
  },
  ...[true, true, true, false, false, false].map(
    (fin, i): FrameCase => ({
      id: `5.${9 + i}`,
      what: `a continuation of nothing, ${fin ? "the last" : "not the last"} one, then good text`,
      gap: i % 3 === 0 ? "none" : "turn",
      sends: () => (i % 3 === 2 ? [lost(fin), GOOD].flatMap(octets) : [lost(fin), GOOD]),
      hears: failed(1002),
    }),
  ),
  {
    id: "5.15",
    what: "text in two fragments, a continuation of nothing, good text",
    sends: () => [start, end, lost(false), GOOD],
    hears: ["pong 7", ...failed(1002)],
  },
  {
    id: "5.16",
    what: "a continuation of nothing, then text in two fragments",
    sends: () => [lost(false), start, end],
    hears: failed(1002),
  },
  { id: "5.17", what: "the same, the first one the last", sends: () => [lost(true), start, end], hears: failed(1002) },
  {
    id: "5.18",
    what: "a new message within a fragmented one",
    sends: () => [start, frameOf(TEXT, REST)],
    hears: failed(1002),
  },
  {
    id: "5.18b",
    what: "a new message of the other kind within a fragmented one",
    sends: () => [start, frameOf(BINARY, REST)],
    hears: failed(1002),
  },
  {
    id: "5.19",
    what: "five fragments with pings between",
    sends: fiveFragments,
    hears: ["PONG between", "PONG between", "pong 7"],
  },
  {
    id: "5.20",
    what: "the same, read one by one",
    gap: "turn",
    sends: fiveFragments,
    hears: ["PONG between", "PONG between", "pong 7"],
  },
  {
    id: "T5.1",
    what: "fragments without payload around the message",
    sends: () => [
      frameOf(TEXT, "", { fin: false }),
      frameOf(CONTINUATION, pingText(7), { fin: false }),
      frameOf(CONTINUATION),
    ],
    hears: ["pong 7"],
  },
  {
    id: "T5.2",
    what: "a thousand fragments without payload",
    sends: () => [start, ...Array(1000).fill(frameOf(CONTINUATION, "", { fin: false })), end],
    hears: ["pong 7"],
  },
  {
    id: "T5.3",
    what: "a close within a fragmented message",
    sends: () => [start, frameOf(CLOSE, Uint8Array.of(3, 232)), end],
    hears: failed(1000),
  },
];

function fiveFragments(): Uint8Array[] {
  const [a, b, c, d, e] = ["{", '"type":"ping"', ',"id"', ":7", "}"];
  const part = (opcode: number, text = "", fin = false) => frameOf(opcode, text, { fin });
  return [
    part(TEXT, a),
    part(CONTINUATION, b),
    between,
    part(CONTINUATION, c),
    part(CONTINUATION, d),
    between,
    part(CONTINUATION, e, true),
  ];
}

export const FRAMING: readonly FrameCase[] = [...sizes, ...pings, ...reserved, ...opcodes, ...fragments];
