// What the demo's signals mean; an ensemble itself knows names only.

/** How a signal is shown. */
export interface SignalMeaning {
  readonly meaning: string;
  readonly unit: string;
  readonly digits: number;
}

/** Name of the demo's ensemble and folder. */
export const DEMO_ENSEMBLE = "gas_turbine";
/** File of real readings within its folder, and what it holds. */
export const DEMO_ROWS = "gt_2015.csv";
export const DEMO_YEAR = "2015";

const MEANINGS: Readonly<Record<string, SignalMeaning>> = {
  AT: { meaning: "ambient temperature", unit: "°C", digits: 1 },
  AP: { meaning: "ambient pressure", unit: "mbar", digits: 1 },
  AH: { meaning: "ambient humidity", unit: "%", digits: 1 },
  AFDP: { meaning: "air filter pressure", unit: "mbar", digits: 2 },
  GTEP: { meaning: "exhaust pressure", unit: "mbar", digits: 2 },
  TIT: { meaning: "turbine inlet temperature", unit: "°C", digits: 1 },
  TAT: { meaning: "turbine after temperature", unit: "°C", digits: 1 },
  TEY: { meaning: "energy yield", unit: "MWh", digits: 1 },
  CDP: { meaning: "compressor pressure", unit: "bar", digits: 2 },
  CO: { meaning: "carbon monoxide", unit: "mg/m³", digits: 2 },
  NOX: { meaning: "nitrogen oxides", unit: "mg/m³", digits: 1 },
};

/** The meaning of a signal of the turbine; of any other, its value alone. */
export function meaningOf(signal: string): SignalMeaning {
  return MEANINGS[signal] ?? { meaning: "", unit: "", digits: 3 };
}
