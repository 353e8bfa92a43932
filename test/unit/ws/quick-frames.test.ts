// The short way against the parser of `ws` alone: whatever is sent, and however it is cut, the same is heard.
import type { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { test } from "tap";
import * as ws from "ws";
import { QuickFrames } from "../../../src/ws/quick-frames.js";
import { frameOf } from "../../torture/lib/websocket-bytes.js";

const MAX_BYTES = 400;
const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];

/** What is heard: `message 2 61 62`, `ping 61`, `conclude 1000`, `error 1002`. */
type Heard = string[];

/** The parser of `ws`. It ends with the first close or fault, as it does under a connection. */
class Parser {
  readonly heard: Heard = [];
  readonly #receiver: Writable & EventEmitter;
  isOver = false;

  constructor() {
    const Receiver: unknown = Reflect.get(ws, "Receiver");
    if (typeof Receiver !== "function") throw new Error("ws has no parser");
    const made: unknown = Reflect.construct(Receiver, [{ isServer: true, maxPayload: MAX_BYTES }]);
    if (!(made instanceof Writable)) throw new Error("its parser is no stream");
    this.#receiver = made;
    this.#receiver
      .on("message", (data: Buffer, isBinary: boolean) =>
        this.heard.push(`message ${isBinary} ${data.toString("hex")}`),
      )
      .on("ping", (data: Buffer) => this.heard.push(`ping ${data.toString("hex")}`))
      .on("pong", (data: Buffer) => this.heard.push(`pong ${data.toString("hex")}`))
      .on("conclude", (code: number) => this.#end(`conclude ${code}`))
      .on("error", (error: Error) => this.#end(`error ${error.message}`));
  }

  #end(word: string): void {
    if (!this.isOver) this.heard.push(word);
    this.isOver = true;
  }

  /** @returns whether it takes more */
  take(bytes: Buffer): boolean {
    if (!this.isOver) this.#receiver.write(bytes);
    return this.#receiver.writable;
  }
}

/** Writes pieces; a turn between them, for a fault is told after its write. */
async function hear(pieces: readonly Buffer[], take: (bytes: Buffer) => void): Promise<void> {
  for (const piece of pieces) {
    take(Buffer.from(piece)); // it is unmasked in place
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function heardByParser(pieces: readonly Buffer[]): Promise<Heard> {
  const parser = new Parser();
  await hear(pieces, (bytes) => parser.take(bytes));
  return parser.heard;
}

async function heardQuickly(pieces: readonly Buffer[]): Promise<{ heard: Heard; quick: number }> {
  const parser = new Parser();
  let quick = 0;
  const frames = new QuickFrames(
    (bytes) => parser.take(bytes),
    (message) => {
      quick += 1;
      parser.heard.push(`message true ${Buffer.from(message).toString("hex")}`);
    },
    MAX_BYTES,
  );
  await hear(pieces, (bytes) => frames.take(bytes));
  return { heard: parser.heard, quick };
}

const payload = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.constantFrom(120, 125, 126, 127, 300, MAX_BYTES).map((n) => new Uint8Array(n).fill(n)) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(MAX_BYTES + 1)) },
);
const word = fc.string({ maxLength: 20 }).map((text) => Buffer.from(text));
const small = fc.uint8Array({ maxLength: 20 });

const frames: fc.Arbitrary<readonly Buffer[]> = fc.oneof(
  { weight: 8, arbitrary: payload.map((bytes) => [frameOf(BINARY, bytes)]) },
  { weight: 2, arbitrary: word.map((bytes) => [frameOf(TEXT, bytes)]) },
  { weight: 2, arbitrary: small.map((bytes) => [frameOf(PING, bytes)]) },
  { weight: 1, arbitrary: small.map((bytes) => [frameOf(PONG, bytes)]) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(TEXT, BINARY), word, fc.array(small, { maxLength: 2 }), word)
      .map(([opcode, first, pings, last]) => [
        frameOf(opcode, first, { fin: false }),
        ...pings.map((bytes) => frameOf(PING, bytes)),
        frameOf(CONTINUATION, last),
      ]),
  },
);
/** Frames that end a connection. */
const faults: fc.Arbitrary<readonly Buffer[]> = fc.oneof(
  fc.constant([frameOf(CLOSE, Buffer.from([3, 232]))]),
  fc.constant([frameOf(CLOSE)]),
  fc.constant([frameOf(BINARY, "x", { fin: false }), frameOf(BINARY, "y")]), // a message within another
  fc.constant([frameOf(CONTINUATION, "x")]),
  fc.constant([frameOf(BINARY, "x", { reserved: 4 })]),
  fc.constant([frameOf(BINARY, "x", { mask: undefined })]),
  fc.constant([frameOf(3, "x")]),
);

/** Bytes of frames, cut anywhere. */
const streams = fc
  .record({
    lists: fc.array(fc.oneof({ weight: 30, arbitrary: frames }, { weight: 1, arbitrary: faults }), { maxLength: 25 }),
    cuts: fc.array(fc.nat(5_000), { maxLength: 12 }),
  })
  .map(({ lists, cuts }) => piecesOf(Buffer.concat(lists.flat()), cuts));

function piecesOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.filter((at) => at < bytes.length), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

test("the same is heard as by the parser alone, whatever comes and however it is cut", async (t) => {
  let quick = 0;
  await fc.assert(
    fc.asyncProperty(streams, async (pieces) => {
      const [expected, found] = [await heardByParser(pieces), await heardQuickly(pieces)];
      quick += found.quick;
      return isDeepStrictEqual(found.heard, expected);
    }),
    { numRuns: 5_000 },
  );
  t.ok(quick > 5_000, `${quick} messages went the short way`);
});

test("byte by byte", async (t) => {
  const bytes = Buffer.concat([
    frameOf(BINARY, Buffer.alloc(300, 7)),
    frameOf(PING),
    frameOf(BINARY, Buffer.alloc(130, 8)),
    frameOf(TEXT, "text"),
    frameOf(BINARY, ""),
  ]);
  const pieces = Array.from(bytes, (byte) => Buffer.of(byte));
  t.same((await heardQuickly(pieces)).heard, await heardByParser(pieces));
});

test("a message longer than is allowed at present goes to the parser", async (t) => {
  const given: Buffer[] = [];
  const taken: Uint8Array[] = [];
  const quick = new QuickFrames(
    (bytes) => given.push(bytes) > 0,
    (message) => taken.push(message),
    MAX_BYTES,
  );
  quick.maxBytes = 3;
  const frame = frameOf(BINARY, "four");
  quick.take(Buffer.concat([frameOf(BINARY, "one"), frame, frameOf(BINARY, "two")]));
  t.same(given, [frame]);
  t.same(taken.map(String), ["111,110,101", "116,119,111"]);
});

test("after a stop nothing is handled, also of what was being handled", async (t) => {
  const taken: Uint8Array[] = [];
  const quick: QuickFrames = new QuickFrames(
    () => true,
    (message) => {
      taken.push(message);
      quick.stop();
    },
    MAX_BYTES,
  );
  quick.take(Buffer.concat([frameOf(BINARY, "a"), frameOf(BINARY, "b")]));
  quick.take(frameOf(BINARY, "c"));
  t.equal(taken.length, 1);
});
