// Section 6 of Autobahn's testsuite: what is UTF-8, and what only looks like it. Sequences in the manner of Markus Kuhn's
// stress test; a valid one stands in a string of a ping, which is answered.
import { BINARY, CONTINUATION, frameOf, TEXT } from "../lib/websocket-bytes.js";
import { chops, type FrameCase, failed } from "./case.js";

/** Sequence as hex, and what it is. */
type Row = readonly [id: string, hex: string, what: string];

const VALID: readonly Row[] = [
  ["6.2.1", "48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121", "Latin letters and signs"],
  ["6.5.1", "cebae1bdb9cf83cebcceb5", "a Greek word with an accent of two code points"],
  ["6.6.2", "ceba", "the first letter of it"],
  ["6.6.5", "cebae1bdb9", "the first two"],
  ["6.6.7", "cebae1bdb9cf83", "the first three"],
  ["6.6.9", "cebae1bdb9cf83cebc", "the first four"],
  ["6.7.2", "c280", "the first of two bytes, U+0080"],
  ["6.7.3", "e0a080", "the first of three bytes, U+0800"],
  ["6.7.4", "f0908080", "the first of four bytes, U+10000"],
  ["6.9.1", "7f", "the last of one byte, U+007F"],
  ["6.9.2", "dfbf", "the last of two bytes, U+07FF"],
  ["6.9.3", "efbfbf", "the last of three bytes, U+FFFF"],
  ["6.9.4", "f48fbfbf", "the last of all, U+10FFFF"],
  ["6.11.1", "ed9fbf", "below the surrogates, U+D7FF"],
  ["6.11.2", "ee8080", "above the surrogates, U+E000"],
  ["6.11.3", "efbfbd", "the replacement character, U+FFFD"],
  ["6.11.4", "f48fbfbe", "U+10FFFE"],
  ["6.22.1", "efbfbe", "a non-character, U+FFFE"],
  ["6.22.2", "efb790", "a non-character, U+FDD0"],
  ...Array.from({ length: 16 }, (_, plane): Row => {
    const hex = Buffer.from(String.fromCodePoint((plane + 1) * 0x10000 + 0xffff)).toString("hex");
    return [`6.22.${plane + 3}`, hex, `a non-character, the last of plane ${plane + 1}`];
  }),
  ["6.23.1", "efbfbdefbfbd", "two replacement characters"],
  ["T6.1", "f09f8fb4e2808de298a0efb88f", "a flag of four code points"],
  ["T6.2", "efbbbf", "a byte order mark in a string"],
];

const INVALID: readonly Row[] = [
  ["6.3.1", "cebae1bdb9cf83cebcceb5eda080656469746564", "a Greek word, a lone surrogate, letters"],
  ["6.4.1", "cebae1bdb9cf83cebcceb5f4908080656469746564", "beyond U+10FFFF among letters"],
  ["6.6.1", "ce", "half of the first letter of a Greek word"],
  ["6.6.3", "cebae1", "a third of its second"],
  ["6.6.4", "cebae1bd", "two thirds of its second"],
  ["6.6.6", "cebae1bdb9cf", "half of its third"],
  ["6.6.8", "cebae1bdb9cf83ce", "half of its fourth"],
  ["6.6.10", "cebae1bdb9cf83cebcce", "half of its fifth"],
  ["6.8.1", "f888808080", "the first of five bytes"],
  ["6.8.2", "fc8480808080", "the first of six bytes"],
  ["6.10.1", "f7bfbfbf", "the last of four bytes, beyond U+10FFFF"],
  ["6.10.2", "fbbfbfbfbf", "the last of five bytes"],
  ["6.10.3", "fdbfbfbfbfbf", "the last of six bytes"],
  ["6.11.5", "f4908080", "the first beyond U+10FFFF"],
  ["6.12.1", "80", "a lone continuation byte, the first"],
  ["6.12.2", "bf", "a lone continuation byte, the last"],
  ...[2, 3, 4, 5, 6, 7].map(
    (count, i): Row => [`6.12.${i + 3}`, "80bf".repeat(4).slice(0, 2 * count), `${count} continuation bytes`],
  ),
  ["6.12.9", Buffer.from(Array.from({ length: 64 }, (_, i) => 0x80 + i)).toString("hex"), "all 64 continuation bytes"],
  ["6.13.1", lonely(0xc0, 32), "all first bytes of two, each with a space behind it"],
  ["6.13.2", lonely(0xe0, 16), "all first bytes of three, each with a space behind it"],
  ["6.13.3", lonely(0xf0, 8), "all first bytes of four, each with a space behind it"],
  ["6.13.4", lonely(0xf8, 4), "all first bytes of five, each with a space behind it"],
  ["6.13.5", lonely(0xfc, 2), "all first bytes of six, each with a space behind it"],
  ["6.14.1", "c0", "two bytes without the last, U+0000"],
  ["6.14.2", "e080", "three bytes without the last, U+0000"],
  ["6.14.3", "f08080", "four bytes without the last, U+0000"],
  ["6.14.4", "f8808080", "five bytes without the last, U+0000"],
  ["6.14.5", "fc80808080", "six bytes without the last, U+0000"],
  ["6.14.6", "df", "two bytes without the last, U+07FF"],
  ["6.14.7", "efbf", "three bytes without the last, U+FFFF"],
  ["6.14.8", "f7bfbf", "four bytes without the last"],
  ["6.14.9", "fbbfbfbf", "five bytes without the last"],
  ["6.14.10", "fdbfbfbfbf", "six bytes without the last"],
  ["6.15.1", "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf", "all of these in a row"],
  ["6.16.1", "fe", "a byte that never is, FE"],
  ["6.16.2", "ff", "a byte that never is, FF"],
  ["6.16.3", "fefeffff", "four bytes that never are"],
  ["6.17.1", "c0af", "a slash, overlong in two bytes"],
  ["6.17.2", "e080af", "a slash, overlong in three"],
  ["6.17.3", "f08080af", "a slash, overlong in four"],
  ["6.17.4", "f8808080af", "a slash, overlong in five"],
  ["6.17.5", "fc80808080af", "a slash, overlong in six"],
  ["6.18.1", "c1bf", "the largest overlong of two bytes"],
  ["6.18.2", "e09fbf", "the largest overlong of three"],
  ["6.18.3", "f08fbfbf", "the largest overlong of four"],
  ["6.18.4", "f887bfbfbf", "the largest overlong of five"],
  ["6.18.5", "fc83bfbfbfbf", "the largest overlong of six"],
  ["6.19.1", "c080", "NUL, overlong in two bytes"],
  ["6.19.2", "e08080", "NUL, overlong in three"],
  ["6.19.3", "f0808080", "NUL, overlong in four"],
  ["6.19.4", "f880808080", "NUL, overlong in five"],
  ["6.19.5", "fc8080808080", "NUL, overlong in six"],
  ...["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"].map(
    (hex, i): Row => [`6.20.${i + 1}`, hex, "a lone surrogate"],
  ),
  ...[
    "eda080edb080",
    "eda080edbfbf",
    "edadbfedb080",
    "edadbfedbfbf",
    "edae80edb080",
    "edae80edbfbf",
    "edafbfedb080",
    "edafbfedbfbf",
  ].map((hex, i): Row => [`6.21.${i + 1}`, hex, "a pair of surrogates"]),
];

function lonely(first: number, count: number): string {
  return Array.from({ length: count }, (_, i) => Buffer.from([first + i, 0x20]).toString("hex")).join("");
}

function within(hex: string): Buffer {
  return Buffer.concat([Buffer.from('{"type":"ping","id":7,"x":"'), Buffer.from(hex, "hex"), Buffer.from('"}')]);
}

/** A text message in fragments of `size`, which cut characters. */
function fragmented(payload: Buffer, size: number): Buffer[] {
  const parts = chops(payload, size);
  return parts.map((part, i) => frameOf(i === 0 ? TEXT : CONTINUATION, part, { fin: i === parts.length - 1 }));
}

const LATE =
  "the RFC lets a server fail as soon as it sees it; ours looks at whole messages, and fails with the last fragment";

function casesOf([id, hex, what]: Row, hears: readonly string[], deviation?: string): FrameCase[] {
  const late = deviation === undefined ? {} : { deviation };
  return [
    { id, what, sends: () => [frameOf(TEXT, within(hex))], hears },
    { id: `${id}f`, what: `${what}, in fragments of a byte`, sends: () => fragmented(within(hex), 1), hears, ...late },
    {
      id: `${id}b`,
      what: `${what}, in a binary message`,
      sends: () => [frameOf(BINARY, within(hex))],
      hears: ["INVALID_FRAME"],
    },
  ];
}

const edges: FrameCase[] = [
  { id: "6.1.1", what: "an empty text message", sends: () => [frameOf(TEXT)], hears: ["INVALID_JSON"] },
  {
    id: "6.1.2",
    what: "three empty fragments",
    sends: () => [frameOf(TEXT, "", { fin: false }), frameOf(CONTINUATION, "", { fin: false }), frameOf(CONTINUATION)],
    hears: ["INVALID_JSON"],
  },
  {
    id: "T6.3",
    what: "a byte order mark before the text",
    sends: () => [frameOf(TEXT, "\ufeff{}")],
    hears: ["INVALID_JSON"],
  },
  {
    id: "T6.4",
    what: "a ping before the fragment that breaks the text",
    sends: () => [frameOf(TEXT, Uint8Array.of(0xce), { fin: false }), frameOf(CONTINUATION, Uint8Array.of(0xff))],
    hears: failed(1007),
  },
];

export const UTF8: readonly FrameCase[] = [
  ...edges,
  ...VALID.flatMap((row) => casesOf(row, ["pong 7"])),
  ...INVALID.flatMap((row) => casesOf(row, failed(1007), LATE)),
];
