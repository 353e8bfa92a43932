// A stream of readings in binary, many in flight, predictions in order.
// Usage: node --import=tsx stream.ts [http://127.0.0.1:8000] [count]
import { TidewireClient } from "@tidewire/client";

const count = Number(process.argv[3] ?? 10_000);
const client = new TidewireClient({ baseURL: process.argv[2] ?? "http://127.0.0.1:8000" });
await using session = client.inference("gas_turbine", { retryInFlight: true });
const { signals } = await session.ready();

/** Readings in the order of the ensemble's boundary signals; a sensor's own async iterable works as well. */
function* readings() {
  for (let i = 0; i < count; i++) yield [15 + 10 * Math.sin(i / 500), 1013.2, 77.1, 3.9, 25.5];
}

const started = performance.now();
const sums = new Float64Array(signals.length);
for await (const { values } of session.stream(readings())) {
  for (const [i, value] of values.entries()) sums[i] = (sums[i] ?? 0) + value;
}
const seconds = (performance.now() - started) / 1000;

const means = Object.fromEntries(signals.map((name, i) => [name, (sums[i] ?? 0) / count]));
console.log(JSON.stringify({ count, means, perSecond: Math.round(count / seconds) }));
