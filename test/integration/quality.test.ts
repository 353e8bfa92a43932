// The demo ensemble's published quality, computed again from the years it was measured on, through the server.
import { readFileSync } from "node:fs";
import { test } from "tap";
import { BOUNDARY, readSensorRows, SIGNALS } from "./support/direct.js";
import { bytesOf, config, expect, floatsOf, predictBatch } from "./support/frames.js";
import { TURBINE } from "./support/models.js";
import { Peer } from "./support/peer.js";
import { serve } from "./support/serve.js";

const BATCH = 4096;
/** ensemble.json has five decimals; a graph may round a float32 otherwise on another machine. */
const TOLERANCE = 2e-3;

interface Figures {
  readonly r2: number;
  readonly rmse: number;
  readonly mae: number;
}

/** One signal's figures; `step` is the distance of its values in both arrays. */
function figures(truth: Float64Array, predicted: Float32Array, signal: number): Figures {
  const width = SIGNALS.length;
  const rows = truth.length / width;
  let [sum, squares, errors, absolute] = [0, 0, 0, 0];
  for (let i = signal; i < truth.length; i += width) {
    const [wanted, came] = [truth[i] as number, predicted[i] as number];
    sum += wanted;
    squares += wanted * wanted;
    errors += (came - wanted) ** 2;
    absolute += Math.abs(came - wanted);
  }
  const spread = squares - (sum * sum) / rows;
  return { r2: 1 - errors / spread, rmse: Math.sqrt(errors / rows), mae: absolute / rows };
}

async function predictAll(peer: Peer, readings: Float32Array): Promise<Float32Array> {
  const predicted = new Float32Array((readings.length / BOUNDARY) * SIGNALS.length);
  for (let row = 0; row < readings.length / BOUNDARY; row += BATCH) {
    const matrix = bytesOf(readings.subarray(row * BOUNDARY, (row + BATCH) * BOUNDARY));
    const reply = expect(await peer.ask(predictBatch({ matrix })), "predictionBatch");
    predicted.set(floatsOf(reply.matrix), row * SIGNALS.length);
  }
  return predicted;
}

test("quality in ensemble.json is what the server's predictions of 2014 and 2015 give", async (t) => {
  const { quality } = JSON.parse(readFileSync(`${TURBINE}/ensemble.json`, "utf8"));
  const years = [readSensorRows(2014), readSensorRows(2015)];
  const readings = Float32Array.from(years.flatMap((year) => [...year.readings]));
  const truth = Float64Array.from(years.flatMap((year) => [...year.truth]));
  t.equal(truth.length / SIGNALS.length, 14_542);

  const { url } = await serve(t, { models: ["gas_turbine"] });
  const peer = await Peer.connect(t, url, "proto");
  for (const kind of ["base", "boost"]) {
    const manualBoostSignals = Object.fromEntries(SIGNALS.map((name) => [name, kind === "boost"]));
    expect(await peer.ask(config("gas_turbine", { manualBoostSignals })), "configAck");
    const predicted = await predictAll(peer, readings);
    for (const [i, signal] of SIGNALS.entries()) {
      for (const [figure, came] of Object.entries(figures(truth, predicted, i))) {
        const published = quality[signal][`${figure}_${kind}`];
        const isNear = Math.abs(came - published) <= TOLERANCE * Math.max(1, Math.abs(published));
        t.ok(isNear, `${figure}_${kind} of ${signal}: published ${published}, computed ${came.toFixed(5)}`);
      }
    }
  }
});
