// Predicts a few readings, then has the server save what the session has streamed.
// Usage: node --import=tsx save-history.ts [http://127.0.0.1:8000]
import { TidewireClient, TidewireClientError } from "@tidewire/client";

const client = new TidewireClient({ baseURL: process.argv[2] ?? "http://127.0.0.1:8000" });
await using session = client.inference("gas_turbine");
const { sessionId } = await session.ready();

for (let i = 0; i < 10; i++) {
  await session.predict([15 + i, 1013.2, 77.1, 3.9, 25.5], { timestamp: new Date(Date.UTC(2015, 0, 1, i)) });
}
const { outputPath, samplesSaved } = await client.saveHistory({ sessionId, format: "csv", outputDir: "examples" });
console.log(JSON.stringify({ outputPath, samplesSaved }));

try {
  await client.saveHistory({ sessionId: "nobody", format: "csv" });
} catch (error) {
  if (!(error instanceof TidewireClientError)) throw error;
  console.log(JSON.stringify({ code: error.code, retryable: error.retryable }));
}
