// Many readings in one request: a row-major matrix in, a matrix out.
// Usage: node --import=tsx batch.ts [http://127.0.0.1:8000]
import { TidewireClient } from "@tidewire/client";

const client = new TidewireClient({ baseURL: process.argv[2] ?? "http://127.0.0.1:8000" });
await using session = client.inference("gas_turbine", { mode: "batch" });
const { boundarySignals, signals } = await session.ready();

const rows = 256;
const matrix = new Float32Array(rows * boundarySignals.length);
for (let i = 0; i < rows; i++) matrix.set([10 + i / 16, 1013.2, 77.1, 3.9, 25.5], i * boundarySignals.length);

const predicted = await session.predictBatch(matrix);
const coldest = Object.fromEntries(signals.map((name, i) => [name, predicted.row(0)[i]]));
console.log(JSON.stringify({ count: predicted.count, coldest, latencyMs: predicted.latencyMs }));
