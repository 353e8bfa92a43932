// Training in small pieces: whoever asks for the next one decides when it is done, and whether.
import { Adam } from "./adam.js";
import type { LearningSet, Table } from "./learning-set.js";
import { Perceptron } from "./perceptron.js";
import { seededRandom, shuffled } from "./random.js";

/** The share of the steps in which the learning rate rises to its full height, before it falls along a cosine. */
const WARM_UP_SHARE = 0.03;
/** What is left of the learning rate in the end. */
const FINAL_SHARE = 0.01;
/** Validation rows that are looked at in one piece: as long as a step or two. */
const ROWS_AT_ONCE = 256;

/** What is chosen before a training. */
export interface Hyperparameters {
  readonly hidden: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly seed: number;
}

/** How good predictions are: mean squared error over the scaled signals, root mean square error of each in its unit. */
export interface Quality {
  readonly loss: number;
  readonly rmse: readonly number[];
}

/** A piece of work that has been done. */
export type Piece =
  | {
      readonly is: "step";
      /** From 1. */
      readonly step: number;
      readonly epoch: number;
      /** Of the mini-batch, before the step. */
      readonly loss: number;
      readonly learningRate: number;
      readonly gradientNorm: number;
    }
  /** Some validation rows were looked at. */
  | { readonly is: "check" }
  /** An epoch has ended. Of training: what the mini-batches gave on the way. */
  | { readonly is: "epoch"; readonly epoch: number; readonly training: Quality; readonly validation: Quality };

/** Trains one network. */
export class Trainer {
  readonly network: Perceptron;
  readonly stepsPerEpoch: number;
  readonly steps: number;
  /** How many pieces {@link train} gives. */
  readonly pieces: number;
  readonly #set: LearningSet;
  readonly #choice: Hyperparameters;
  readonly #random: () => number;
  readonly #adam: Adam;
  readonly #gradient: Float64Array;
  readonly #slopes: Float64Array;

  constructor(set: LearningSet, choice: Hyperparameters) {
    const shape = { inputs: set.boundarySignals.length, hidden: choice.hidden, outputs: set.signals.length };
    this.#set = set;
    this.#choice = choice;
    this.#random = seededRandom(choice.seed);
    this.network = new Perceptron(shape, this.#random);
    this.#adam = new Adam(this.network.weights.length);
    this.#gradient = new Float64Array(this.network.weights.length);
    this.#slopes = new Float64Array(shape.outputs);
    this.stepsPerEpoch = Math.ceil(set.training.rows / choice.batchSize);
    this.steps = this.stepsPerEpoch * choice.epochs;
    this.pieces = this.steps + Math.ceil(set.validation.rows / ROWS_AT_ONCE) * choice.epochs;
  }

  /** Trains, a piece of well below a millisecond each time it is asked. @throws RangeError when the loss is no number any more */
  *train(): Generator<Piece, void, void> {
    const { epochs, batchSize } = this.#choice;
    const { training } = this.#set;
    for (let epoch = 1, step = 0; epoch <= epochs; epoch += 1) {
      const order = shuffled(training.rows, this.#random);
      const tally = this.#tally();
      for (let from = 0; from < order.length; from += batchSize) {
        step += 1;
        const learningRate = this.#rateOf(step);
        const loss = this.#descend(training, order.subarray(from, from + batchSize), learningRate, tally);
        if (!Number.isFinite(loss)) throw new RangeError(`the loss is ${loss} after step ${step}`);
        yield { is: "step", step, epoch, loss, learningRate, gradientNorm: Math.hypot(...this.#gradient) };
      }
      const checked = yield* this.#check();
      yield { is: "epoch", epoch, training: tally.quality, validation: checked.quality };
    }
  }

  *#check(): Generator<Piece, Tally, void> {
    const { validation } = this.#set;
    const tally = this.#tally();
    for (let row = 0; row < validation.rows; row += 1) {
      if (row > 0 && row % ROWS_AT_ONCE === 0) yield { is: "check" };
      tally.add(this.network.predict(validation.x, row * this.network.shape.inputs), validation.y, row);
    }
    return tally;
  }

  /** One step down the mini-batch's gradient. @returns its loss */
  #descend({ x, y }: Table, rows: Uint32Array, learningRate: number, tally: Tally): number {
    const { inputs, outputs } = this.network.shape;
    this.#gradient.fill(0);
    let loss = 0;
    for (const row of rows) {
      const predicted = this.network.predict(x, row * inputs);
      for (let o = 0; o < outputs; o += 1) {
        const error = (predicted[o] as number) - (y[row * outputs + o] as number);
        loss += (error * error) / (rows.length * outputs);
        this.#slopes[o] = (2 * error) / (rows.length * outputs);
      }
      tally.add(predicted, y, row);
      this.network.addGradient(x, row * inputs, this.#slopes, this.#gradient);
    }
    this.#adam.step(this.network.weights, this.#gradient, learningRate);
    return loss;
  }

  #rateOf(step: number): number {
    const { learningRate } = this.#choice;
    const warmUp = Math.ceil(this.steps * WARM_UP_SHARE);
    if (step <= warmUp) return (learningRate * step) / warmUp;
    const share = (step - warmUp) / (this.steps - warmUp);
    return learningRate * (FINAL_SHARE + ((1 - FINAL_SHARE) * (1 + Math.cos(Math.PI * share))) / 2);
  }

  #tally(): Tally {
    return new Tally(this.#set.deviations);
  }
}

/** Adds up squared errors. */
class Tally {
  readonly #deviations: readonly number[];
  readonly #squares: Float64Array;
  #rows = 0;

  constructor(deviations: readonly number[]) {
    this.#deviations = deviations;
    this.#squares = new Float64Array(deviations.length);
  }

  add(predicted: Float64Array, y: Float64Array, row: number): void {
    const at = row * predicted.length;
    this.#rows += 1;
    for (let o = 0; o < predicted.length; o += 1) {
      this.#squares[o] = (this.#squares[o] as number) + ((predicted[o] as number) - (y[at + o] as number)) ** 2;
    }
  }

  get quality(): Quality {
    const means = [...this.#squares].map((sum) => sum / this.#rows);
    return {
      loss: means.reduce((sum, mean) => sum + mean, 0) / means.length,
      rmse: means.map((mean, i) => Math.sqrt(mean) * (this.#deviations[i] as number)),
    };
  }
}
