// An ensemble over a CSV that is sent along, with progress; then what it predicted and how well.
// Usage: node --import=tsx evaluate.ts [http://127.0.0.1:8000]
import { TidewireClient } from "@tidewire/client";

await using client = new TidewireClient({ baseURL: process.argv[2] ?? "http://127.0.0.1:8000" });

const header = "AT,AP,AH,AFDP,GTEP,TEY";
const rows = Array.from({ length: 500 }, (_, i) => [10 + i / 50, 1013.2, 77.1, 3.9, 25.5, 134 + (i % 7) / 10].join());
const file = new File([[header, ...rows].join("\n")], "readings.csv", { type: "text/csv" });

const { id } = await client.evaluations.start({ ensembleName: "gas_turbine", file });
const { status } = await new Promise<{ status: string }>((resolve) => {
  client.getProgress().subscribeToEvaluation({ evaluationId: id, onComplete: resolve, onFailed: resolve });
});

const { rows: predicted, quality } = await client.evaluations.get(id);
const [columns = "", first = ""] = (await (await client.evaluations.result(id)).text()).split("\n");
console.log(JSON.stringify({ status, predicted, rmse: quality.TEY?.rmse, columns, first }));
await client.evaluations.remove(id);
