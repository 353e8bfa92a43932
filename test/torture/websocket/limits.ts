// Sections 9 and 10 of Autobahn's testsuite, sizes and many messages; and headers that no honest client writes.
import { BINARY, CONTINUATION, frameOf, MASK, PING, TEXT } from "../lib/websocket-bytes.js";
import { chops, type FrameCase, failed } from "./case.js";
import { pingBytes, pingText } from "./raw-peer.js";

const KIB = 1024;
const MIB = 1024 * KIB;
/** `maxFrameBytes` by default. */
const LIMIT = 16 * MIB;
/** What is large for a test suite. */
const LARGE = MIB;
const MANY = 1000;
const GOOD = frameOf(TEXT, pingText(7));

const sizes: FrameCase[] = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, LIMIT].flatMap((size, i): FrameCase[] => [
  {
    id: `9.1.${i + 1}`,
    what: `text of ${size} bytes`,
    sends: () => [frameOf(TEXT, pingText(7, size))],
    hears: ["pong 7"],
    isLarge: size > LARGE,
  },
  {
    id: `9.2.${i + 1}`,
    what: `a binary message of ${size} bytes`,
    subprotocol: "tidewire.v1.proto",
    sends: () => [frameOf(BINARY, pingBytes(7, size))],
    hears: ["pong 7"],
    isLarge: size > LARGE,
  },
]);

const TOO_MANY =
  "no limit is in the RFC; ours takes 16,384 fragments of a message, which bounds what each of them costs";

const fragmented: FrameCase[] = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB].map(
  (size, i): FrameCase => {
    const isTooMany = (4 * MIB) / size > 16_384;
    return {
      id: `9.3.${i + 1}`,
      what: `4 MiB of text in fragments of ${size} bytes`,
      sends: () => fragments(pingText(7, 4 * MIB), size),
      hears: isTooMany ? failed(1008) : ["pong 7"],
      ...(isTooMany ? { deviation: TOO_MANY } : {}),
      isLarge: true,
    };
  },
);

function fragments(text: string, size: number): Uint8Array[] {
  const parts = chops(Buffer.from(text), size);
  return parts.map((part, i) => frameOf(i === 0 ? TEXT : CONTINUATION, part, { fin: i === parts.length - 1 }));
}

const chopped: FrameCase[] = [64, 128, 256, 512, 1024, 2048].map(
  (size, i): FrameCase => ({
    id: `9.5.${i + 1}`,
    what: `1 MiB of text in pieces of ${size} bytes`,
    sends: () => chops(frameOf(TEXT, pingText(7, MIB)), size),
    gap: "turn",
    hears: ["pong 7"],
    isLarge: size < 1024,
  }),
);

const many: FrameCase[] = [0, 16, 64, 256, KIB, 4 * KIB].flatMap((size, i): FrameCase[] => [
  {
    id: `9.7.${i + 1}`,
    what: `${MANY} texts of ${Math.max(size, 33)} bytes`,
    sends: () => times(frameOf(TEXT, pingText(7, size))),
    hears: Array(MANY).fill("pong 7"),
  },
  {
    id: `9.8.${i + 1}`,
    what: `${MANY} binary messages of ${Math.max(size, 4)} bytes`,
    subprotocol: "tidewire.v1.proto",
    sends: () => times(frameOf(BINARY, pingBytes(7, size))),
    hears: Array(MANY).fill("pong 7"),
  },
]);

function times(frame: Uint8Array): Uint8Array[] {
  return Array(MANY).fill(frame);
}

const NOT_SHORTEST =
  "section 5.2 asks for the shortest form of a length; ours reads the longer ones too, which harms nobody";
const HIGH_BIT =
  "section 5.2 asks for a high bit of zero, which would be 1002; ours calls it what it is, a length beyond all limits";

const headers: FrameCase[] = [
  {
    id: "10.1.1",
    what: "64 KiB of text in fragments of 1300 bytes",
    sends: () => fragments(pingText(7, 65_536), 1300),
    hears: ["pong 7"],
  },
  {
    id: "T9.1",
    what: "a byte more than maxFrameBytes, told by the header alone",
    sends: () => [frameOf(TEXT, "", { declared: BigInt(LIMIT + 1) })],
    hears: failed(1009),
  },
  {
    id: "T9.2",
    what: "fragments that together are a byte more",
    sends: () => [frameOf(TEXT, pingText(7, LIMIT), { fin: false }), frameOf(CONTINUATION, "x")],
    hears: failed(1009),
    isLarge: true,
  },
  ...[40n, 53n, 62n].map(
    (bits, i): FrameCase => ({
      id: `T9.${3 + i}`,
      what: `a length of 2^${bits}`,
      sends: () => [frameOf(BINARY, "x", { declared: 2n ** bits })],
      hears: failed(1009),
    }),
  ),
  {
    id: "T9.6",
    what: "a length with the high bit",
    sends: () => [frameOf(TEXT, "x", { declared: 2n ** 63n })],
    hears: failed(1009),
    deviation: HIGH_BIT,
  },
  {
    id: "T9.7",
    what: "a length with all bits",
    sends: () => [frameOf(TEXT, "x", { declared: 2n ** 64n - 1n })],
    hears: failed(1009),
    deviation: HIGH_BIT,
  },
  {
    id: "T9.8",
    what: "33 bytes with a length of 16 bits",
    sends: () => [frameOf(TEXT, pingText(7), { lengthBytes: 2 })],
    hears: ["pong 7"],
    deviation: NOT_SHORTEST,
  },
  {
    id: "T9.9",
    what: "33 bytes with a length of 64 bits",
    sends: () => [frameOf(TEXT, pingText(7), { lengthBytes: 8 })],
    hears: ["pong 7"],
    deviation: NOT_SHORTEST,
  },
  {
    id: "T9.10",
    what: "a ping with a length of 16 bits",
    sends: () => [frameOf(PING, "x", { lengthBytes: 2 })],
    hears: failed(1002),
  },
  {
    id: "T9.11",
    what: "text without a mask",
    sends: () => [frameOf(TEXT, pingText(7), { mask: undefined })],
    hears: failed(1002),
  },
  {
    id: "T9.12",
    what: "good text, then a ping without a mask",
    sends: () => [GOOD, frameOf(PING, "x", { mask: undefined })],
    hears: ["pong 7", ...failed(1002)],
  },
  {
    id: "T9.13",
    what: "a mask of zeros",
    sends: () => [frameOf(TEXT, pingText(7), { mask: new Uint8Array(4) })],
    hears: ["pong 7"],
  },
  {
    id: "T9.14",
    what: "a payload masked with another mask than is told",
    sends: () => [misMasked()],
    hears: failed(1007),
  },
  {
    id: "T9.15",
    what: "an unmasked fragment within a masked message",
    sends: () => [frameOf(TEXT, "{", { fin: false }), frameOf(CONTINUATION, "}", { mask: undefined })],
    hears: failed(1002),
  },
];

/** Its mask turned by a bit that makes ASCII no UTF-8. */
function misMasked(): Buffer {
  const frame = frameOf(TEXT, pingText(7));
  frame[2] = (MASK[0] as number) ^ 0x80;
  return frame;
}

export const LIMITS: readonly FrameCase[] = [...sizes, ...fragmented, ...chopped, ...many, ...headers];
