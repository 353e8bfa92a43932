// How well signals are predicted, in one pass over the rows and with figures that stay exact over many of them.
import type { SignalEvaluation } from "../../generated/ts/tidewire/v1/evaluation.js";
import type { SignalQuality } from "../../generated/ts/tidewire/v1/http.js";

/** Mean square and mean absolute error so far, each by Welford's update, which sums no large numbers. */
class Errors {
  meanSquare = 0;
  meanAbsolute = 0;

  add(error: number, count: number): void {
    this.meanSquare += (error * error - this.meanSquare) / count;
    this.meanAbsolute += (Math.abs(error) - this.meanAbsolute) / count;
  }
}

/** Figures of one kind of prediction. */
interface Figures {
  readonly rmse: number;
  readonly mae: number;
  readonly r2: number | undefined;
}

/** One signal's true values beside its predictions. */
export class SignalTally {
  readonly #boosted: boolean;
  readonly #base = new Errors();
  /** Undefined where the residual is not asked for. */
  readonly #boost: Errors | undefined;
  #rows = 0;
  #notFinite = 0;
  /** Of the true values, by Welford's method: the mean, and the sum of squared distances from it. */
  #mean = 0;
  #spread = 0;

  /**
   * @param boosted       whether the result's predictions have the residual
   * @param hasResiduals  whether {@link add} is given the predictions with the residual too
   */
  constructor(boosted: boolean, hasResiduals: boolean) {
    this.#boosted = boosted;
    this.#boost = hasResiduals ? new Errors() : undefined;
  }

  /** Takes a row. A true value that is NaN counts nothing; a prediction that is not finite is counted as that only. */
  add(truth: number, base: number, boost: number): void {
    if (Number.isNaN(truth)) return;
    if (!Number.isFinite(base) || (this.#boost && !Number.isFinite(boost))) {
      this.#notFinite += 1;
      return;
    }
    this.#rows += 1;
    const distance = truth - this.#mean;
    this.#mean += distance / this.#rows;
    this.#spread += distance * (truth - this.#mean);
    this.#base.add(base - truth, this.#rows);
    this.#boost?.add(boost - truth, this.#rows);
  }

  /** The figures so far; undefined without a row that has a true value. */
  get evaluation(): SignalEvaluation | undefined {
    if (this.#rows + this.#notFinite === 0) return undefined;
    const base = this.#figuresOf(this.#base);
    const boost = this.#boost && this.#figuresOf(this.#boost);
    const used = (this.#boosted && boost) || base;
    return {
      rows: this.#rows,
      ...used,
      boosted: this.#boosted,
      comparison: boost && toQuality(base, boost),
      rowsNotFinite: this.#notFinite,
    };
  }

  #figuresOf({ meanSquare, meanAbsolute }: Errors): Figures {
    const r2 = this.#spread > 0 ? 1 - (meanSquare * this.#rows) / this.#spread : undefined;
    return { rmse: Math.sqrt(meanSquare), mae: meanAbsolute, r2 };
  }
}

function toQuality(base: Figures, boost: Figures): SignalQuality {
  return {
    r2Base: base.r2,
    r2Boost: boost.r2,
    rmseBase: base.rmse,
    rmseBoost: boost.rmse,
    maeBase: base.mae,
    maeBoost: boost.mae,
  };
}
