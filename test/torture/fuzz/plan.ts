// What a fuzzed connection says, decided by the seed and its number alone: any connection can be had again.
import type { Random } from "../lib/random.js";
import { configFrames, GOLDEN_FRAMES, schemaFrame, sensibleFrame, type ValidFrame } from "./corpus.js";
import { mutateJson } from "./json-mutations.js";
import { type Encoding, jsonMutant, type Mutant, protoMutant } from "./message.js";
import { mutateProto } from "./proto-mutations.js";

/** Valid frames of one stock. */
const SENSIBLE = 400;
const OF_THE_SCHEMA = 400;
/** Mutants of one stock, in each encoding. */
const MUTANTS = 3000;
/** Share of a connection's frames that are valid, and of those that are changed anew while they are sent. */
const VALID = 0.3;
const CHANGED_ANEW = 0.25;
const SWAPPED = 0.01;
/** A server gives up a peer after 100 invalid frames in a row. */
export const MOST_BETWEEN_VALID = 50;

/** What connections take their frames from. Made once for many of them. */
export interface Stock {
  readonly valid: Readonly<Record<Encoding, readonly Mutant[]>>;
  readonly mutants: Readonly<Record<Encoding, readonly Mutant[]>>;
  readonly configs: Readonly<Record<Encoding, readonly Mutant[]>>;
}

/** A stock of frames. */
export function createStock(random: Random): Stock {
  const sensible = Array.from({ length: SENSIBLE }, () => sensibleFrame(random));
  const others = [...GOLDEN_FRAMES, ...Array.from({ length: OF_THE_SCHEMA }, () => schemaFrame(random))];
  const all = [...sensible, ...others];
  return {
    valid: both(all),
    configs: both(configFrames()),
    mutants: {
      proto: Array.from({ length: MUTANTS }, () =>
        protoMutant(mutateProto(random.pick(all).proto, random.pick(all).proto, random)),
      ),
      json: Array.from({ length: MUTANTS }, () => mutateJson(random.pick(all).json, random)),
    },
  };
}

function both(frames: readonly ValidFrame[]): Record<Encoding, Mutant[]> {
  return { proto: frames.map(({ proto }) => protoMutant(proto)), json: frames.map(({ json }) => jsonMutant(json)) };
}

const PING: Readonly<Record<Encoding, Mutant>> = {
  proto: protoMutant(Uint8Array.of(0x52, 0)),
  json: jsonMutant('"type":"ping"}'),
};

/** Frames of one connection, endlessly; the first configures it. */
export class Speech {
  readonly #encoding: Encoding;
  readonly #stock: Stock;
  readonly #random: Random;
  #said = 0;

  constructor(encoding: Encoding, stock: Stock, random: Random) {
    this.#encoding = encoding;
    this.#stock = stock;
    this.#random = random;
  }

  next(): Mutant {
    this.#said += 1;
    if (this.#said === 1) return this.#random.pick(this.#stock.configs[this.#encoding]);
    if (this.#said % MOST_BETWEEN_VALID === 0) return PING[this.#encoding];
    const dice = this.#random.next();
    if (dice < VALID) return this.#random.pick(this.#stock.valid[this.#encoding]);
    if (dice < VALID + CHANGED_ANEW) return this.#changed();
    if (dice < VALID + CHANGED_ANEW + SWAPPED) return this.#swapped();
    return this.#random.pick(this.#stock.mutants[this.#encoding]);
  }

  #changed(): Mutant {
    const from = this.#random.chance(0.5) ? this.#stock.valid : this.#stock.mutants;
    const { after } = this.#random.pick(from[this.#encoding]);
    return this.#encoding === "proto" ? protoMutant(this.#flipped(after)) : jsonMutant(this.#edited(after));
  }

  /** Some bytes changed, and the end cut off now and then. */
  #flipped(bytes: Uint8Array): Uint8Array {
    const random = this.#random;
    const copy = Uint8Array.from(bytes);
    for (let flips = random.integer(1, 3); flips > 0 && copy.length > 0; flips -= 1)
      copy[random.integer(0, copy.length - 1)] = random.uint32() & 0xff;
    return random.chance(0.15) ? copy.subarray(0, random.integer(0, copy.length)) : copy;
  }

  /** One ASCII character changed into another, so that the text stays UTF-8. */
  #edited(bytes: Uint8Array): string {
    const at = this.#random.integer(0, bytes.length - 1);
    const copy = Buffer.from(bytes);
    if ((copy[at] ?? 0x80) < 0x80) copy[at] = this.#random.integer(0, 0x7f);
    return copy.toString();
  }

  /** A message of the other encoding. */
  #swapped(): Mutant {
    const { after } = this.#random.pick(this.#stock.valid[this.#encoding === "proto" ? "json" : "proto"]);
    return { before: new Uint8Array(0), after, rule: "loose", isSwapped: true };
  }
}
