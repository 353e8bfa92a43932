// One reading by name, as JSON, and its prediction by name.
// Usage: node --import=tsx predict.ts [http://127.0.0.1:8000]
import { TidewireClient } from "@tidewire/client";

const client = new TidewireClient({ baseURL: process.argv[2] ?? "http://127.0.0.1:8000", encoding: "json" });
await using session = client.inference("gas_turbine");

const { predictions, latencyMs, signalsUsedBoost } = await session.predict({
  AT: 23.5, // ambient temperature, °C
  AP: 1013.2, // ambient pressure, mbar
  AH: 77.1, // ambient humidity, %
  AFDP: 3.9, // air filter difference pressure, mbar
  GTEP: 25.5, // gas turbine exhaust pressure, mbar
});

console.log(JSON.stringify({ predictions, latencyMs, signalsUsedBoost }));
