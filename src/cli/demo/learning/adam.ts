// The optimiser: Adam, as Kingma and Ba (2015) have it.

/** The share that the past keeps in the mean of gradients, and in that of their squares. */
const [BETA1, BETA2] = [0.9, 0.999];
/** Keeps weights without a gradient where they are. */
const EPSILON = 1e-8;

/** Moves weights down a gradient, each by a step of its own. */
export class Adam {
  readonly #means: Float64Array;
  readonly #squares: Float64Array;
  #steps = 0;

  constructor(weights: number) {
    this.#means = new Float64Array(weights);
    this.#squares = new Float64Array(weights);
  }

  /** Changes `weights`. */
  step(weights: Float64Array, gradient: Float64Array, learningRate: number): void {
    this.#steps += 1;
    // Both means begin at zero, and would be too small for that at first.
    const rate = (learningRate * Math.sqrt(1 - BETA2 ** this.#steps)) / (1 - BETA1 ** this.#steps);
    for (let i = 0; i < weights.length; i += 1) {
      const slope = gradient[i] as number;
      const mean = BETA1 * (this.#means[i] as number) + (1 - BETA1) * slope;
      const square = BETA2 * (this.#squares[i] as number) + (1 - BETA2) * slope * slope;
      this.#means[i] = mean;
      this.#squares[i] = square;
      weights[i] = (weights[i] as number) - (rate * mean) / (Math.sqrt(square) + EPSILON);
    }
  }
}
