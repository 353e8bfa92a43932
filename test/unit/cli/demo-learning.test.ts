// The demo's network: its gradient is that of its loss, and it learns the turbine.
import { join } from "node:path";
import t from "tap";
import { Adam } from "../../../src/cli/demo/learning/adam.js";
import { toLearningSet, trainingRows } from "../../../src/cli/demo/learning/learning-set.js";
import { Perceptron } from "../../../src/cli/demo/learning/perceptron.js";
import { seededRandom, shuffled } from "../../../src/cli/demo/learning/random.js";
import { type Hyperparameters, type Piece, Trainer } from "../../../src/cli/demo/learning/trainer.js";
import { readRows } from "../../../src/cli/demo/rows.js";
import { PACKAGE_ROOT } from "../../../src/config/index.js";

const NAMES = {
  boundarySignals: ["AT", "AP", "AH", "AFDP", "GTEP"],
  signals: ["TIT", "TAT", "TEY", "CDP", "CO", "NOX"],
};
const CHOICE: Hyperparameters = { hidden: 16, learningRate: 0.01, batchSize: 64, epochs: 4, seed: 1 };

const turbine = () => readRows(join(PACKAGE_ROOT, "models/gas_turbine/gt_2015.csv"), NAMES);

type Epoch = Piece & { readonly is: "epoch" };

/** The pieces of a training, and its epochs. */
function trained(trainer: Trainer): { pieces: number; epochs: Epoch[] } {
  const pieces = [...trainer.train()];
  return { pieces: pieces.length, epochs: pieces.filter((piece) => piece.is === "epoch") };
}

t.test("the gradient is that of finite differences, weight by weight", async (t) => {
  const random = seededRandom(7);
  const network = new Perceptron({ inputs: 3, hidden: 4, outputs: 2 }, random);
  const { weights } = network;
  for (let i = 0; i < weights.length; i += 1) weights[i] = 2 * random() - 1; // biases too
  const x = Float64Array.from({ length: 5 * 3 }, () => 4 * random() - 2);
  const y = Float64Array.from({ length: 5 * 2 }, () => 4 * random() - 2);
  const errorsOf = (row: number) => network.predict(x, row * 3).map((value, o) => value - (y[row * 2 + o] as number));
  const loss = (): number => {
    let sum = 0;
    for (let row = 0; row < 5; row += 1) for (const error of errorsOf(row)) sum += error * error;
    return sum;
  };
  const gradient = new Float64Array(weights.length);
  for (let row = 0; row < 5; row += 1) {
    network.addGradient(
      x,
      row * 3,
      errorsOf(row).map((error) => 2 * error),
      gradient,
    );
  }
  const h = 1e-5;
  weights.forEach((weight, i) => {
    weights[i] = weight + h;
    const above = loss();
    weights[i] = weight - h;
    const slope = (above - loss()) / (2 * h);
    weights[i] = weight;
    const apart = Math.abs(slope - (gradient[i] as number)) / Math.max(1, Math.abs(slope));
    t.ok(apart < 1e-7, `weight ${i}: ${gradient[i]} and ${slope}`);
  });
});

t.test("Adam's first step is the learning rate, whatever the gradient's size; it finds a minimum", async (t) => {
  const weights = Float64Array.of(1, 1, 1);
  new Adam(3).step(weights, Float64Array.of(1e-3, -5000, 0), 0.1);
  t.same(
    [...weights].map((weight) => weight.toFixed(4)),
    ["0.9000", "1.1000", "1.0000"],
  );
  const adam = new Adam(2);
  const at = Float64Array.of(3, -2);
  for (let i = 0; i < 2000; i += 1) adam.step(at, Float64Array.of(2 * (at[0] as number), 40 * (at[1] as number)), 0.02);
  t.ok(Math.hypot(...at) < 1e-3, String(at));
});

t.test("an order has every row once; a seed repeats it", async (t) => {
  const order = shuffled(1000, seededRandom(3));
  t.same(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  t.notSame(order, shuffled(1000, seededRandom(4)));
  t.same(order, shuffled(1000, seededRandom(3)));
});

t.test("the older rows are learnt from, the newer ones checked with, all on the scale of the older", async (t) => {
  const rows = {
    boundarySignals: ["a", "constant"],
    signals: ["b"],
    readings: [1, 3, 1, 3, 5].map((value) => [value, 9]),
    truths: [10, 30, 10, 30, 40].map((value) => [value]),
  };
  t.equal(trainingRows(rows), 4);
  const set = toLearningSet(rows);
  t.same([...set.training.x], [-1, 0, 1, 0, -1, 0, 1, 0]);
  t.same([...set.validation.x], [3, 0]);
  t.same([...set.training.y], [-1, 1, -1, 1]);
  t.same([...set.validation.y], [2]);
  t.same(set.deviations, [10]);
});

t.test(
  "it learns the turbine: the loss falls on rows that it has not seen, and a seed repeats every figure",
  async (t) => {
    const set = toLearningSet(await turbine());
    t.match(set, { training: { rows: 5907 }, validation: { rows: 1477 } });
    const trainer = new Trainer(set, CHOICE);
    const { pieces, epochs } = trained(trainer);
    t.equal(pieces, trainer.pieces);
    t.equal(trainer.steps, 4 * Math.ceil(5907 / 64));
    const losses = epochs.map(({ validation }) => validation.loss);
    t.ok(
      losses.every((loss, i) => i === 0 || loss < (losses[i - 1] as number)),
      `falls: ${losses}`,
    );
    const { loss, rmse } = (epochs.at(-1) as Epoch).validation;
    t.ok(loss < 0.35, `the mean would be worth more than 1, the network ${loss}`);
    // In the signals' own units.
    for (const [i, bound] of [8, 4, 5, 0.4, 2.5, 10].entries())
      t.ok((rmse[i] as number) < bound, `${NAMES.signals[i]} ${rmse[i]}`);
    t.same(trained(new Trainer(set, CHOICE)).epochs, epochs);
    t.notSame(trained(new Trainer(set, { ...CHOICE, seed: 2 })).epochs, epochs);
  },
);

t.test("the learning rate rises to what was chosen, and falls to a hundredth", async (t) => {
  const set = toLearningSet(await turbine());
  const rates = [...new Trainer(set, CHOICE).train()].flatMap((piece) =>
    piece.is === "step" ? [piece.learningRate] : [],
  );
  const highest = rates.indexOf(Math.max(...rates));
  t.equal(rates[highest], 0.01);
  t.ok(highest > 0 && highest < rates.length * 0.05);
  t.ok(rates.slice(highest).every((rate, i, all) => i === 0 || rate < (all[i - 1] as number)));
  t.equal((rates.at(-1) as number).toFixed(6), "0.000100");
});

t.test("a loss that is no number ends the training", async (t) => {
  const rows = {
    boundarySignals: ["a"],
    signals: ["b"],
    readings: [[1], [2], [3], [4], [5]],
    truths: [[1], [2], [3], [4], [5]],
  };
  const trainer = new Trainer(toLearningSet(rows), { ...CHOICE, learningRate: 1e308, epochs: 50 });
  t.throws(() => [...trainer.train()], /the loss is (NaN|Infinity) after step \d+/);
});
