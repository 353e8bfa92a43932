// A small neural network and its gradient, written out.

/** How large a perceptron is. */
export interface Shape {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
}

/** One hidden layer of tanh units between inputs and linear outputs. One row at a time; nothing is allocated for it. */
export class Perceptron {
  readonly shape: Shape;
  /**
   * All weights in one vector, as an optimiser wants them: those of each hidden unit, then those of each output; each
   * unit's bias stands behind its weights.
   */
  readonly weights: Float64Array;
  readonly #hidden: Float64Array;
  readonly #slopes: Float64Array;
  readonly #outputs: Float64Array;

  /** @param random uniform in [0, 1): the weights to begin with are as far apart as Glorot and Bengio (2010) have them */
  constructor(shape: Shape, random: () => number) {
    const { inputs, hidden, outputs } = shape;
    this.shape = shape;
    this.#hidden = new Float64Array(hidden);
    this.#slopes = new Float64Array(hidden);
    this.#outputs = new Float64Array(outputs);
    this.weights = new Float64Array(hidden * (inputs + 1) + outputs * (hidden + 1));
    const fill = (at: number, units: number, width: number): number => {
      const bound = Math.sqrt(6 / (width + units));
      for (let unit = 0; unit < units; unit += 1, at += 1) {
        for (let i = 0; i < width; i += 1, at += 1) this.weights[at] = (2 * random() - 1) * bound;
      }
      return at;
    };
    fill(fill(0, hidden, inputs), outputs, hidden);
  }

  /** The outputs for the row that begins at `x[at]`; borrowed until the next call. */
  predict(x: Float64Array, at: number): Float64Array {
    const { inputs, hidden } = this.shape;
    const next = layer(this.weights, 0, x, at, inputs, this.#hidden);
    for (let h = 0; h < hidden; h += 1) this.#hidden[h] = Math.tanh(this.#hidden[h] as number);
    layer(this.weights, next, this.#hidden, 0, hidden, this.#outputs);
    return this.#outputs;
  }

  /**
   * Adds the gradient of a loss by the weights to `gradient`, for the row that was predicted last.
   *
   * @param slopes the loss's derivative by each output
   */
  addGradient(x: Float64Array, at: number, slopes: Float64Array, gradient: Float64Array): void {
    const { inputs, hidden } = this.shape;
    const outputsAt = hidden * (inputs + 1);
    this.#slopes.fill(0);
    addLayer(gradient, outputsAt, this.#hidden, 0, hidden, slopes);
    for (let o = 0; o < slopes.length; o += 1) {
      const from = outputsAt + o * (hidden + 1);
      for (let h = 0; h < hidden; h += 1)
        this.#slopes[h] = (this.#slopes[h] as number) + (slopes[o] as number) * (this.weights[from + h] as number);
    }
    for (let h = 0; h < hidden; h += 1)
      this.#slopes[h] = (this.#slopes[h] as number) * (1 - (this.#hidden[h] as number) ** 2);
    addLayer(gradient, 0, x, at, inputs, this.#slopes);
  }
}

/** The weighted sums of a layer's units. @returns where the next layer's weights begin */
function layer(w: Float64Array, at: number, x: Float64Array, xAt: number, width: number, sums: Float64Array): number {
  for (let unit = 0; unit < sums.length; unit += 1, at += 1) {
    let sum = 0;
    for (let i = 0; i < width; i += 1, at += 1) sum += (w[at] as number) * (x[xAt + i] as number);
    sums[unit] = sum + (w[at] as number);
  }
  return at;
}

/** Adds what the slopes of a layer's sums make of its weights' gradient. */
function addLayer(
  gradient: Float64Array,
  at: number,
  x: Float64Array,
  xAt: number,
  width: number,
  slopes: Float64Array,
): void {
  for (let unit = 0; unit < slopes.length; unit += 1, at += 1) {
    const slope = slopes[unit] as number;
    for (let i = 0; i < width; i += 1, at += 1) {
      gradient[at] = (gradient[at] as number) + slope * (x[xAt + i] as number);
    }
    gradient[at] = (gradient[at] as number) + slope;
  }
}
