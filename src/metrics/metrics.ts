// One scrape: everything that is measured, read at once.
import { CONNECTION_FAMILIES } from "./connection-families.js";
import { EVENT_FAMILIES } from "./event-families.js";
import { Exposition, type Format } from "./exposition.js";
import type { Family } from "./family.js";
import { INFERENCE_FAMILIES } from "./inference-families.js";
import type { Measured } from "./measured.js";
import { ProcessFamilies } from "./process-families.js";
import { SERVER_FAMILIES } from "./server-families.js";
import { TRITON_FAMILIES } from "./triton-families.js";

/** All families of our own, in the order of a scrape. */
export const FAMILIES: readonly Family[] = [
  ...SERVER_FAMILIES,
  ...INFERENCE_FAMILIES,
  ...CONNECTION_FAMILIES,
  ...EVENT_FAMILIES,
  ...TRITON_FAMILIES,
];

/** The metrics of one server. Scrapes know nothing of each other: any number may be under way. */
export class Metrics {
  readonly #measured: Measured;
  readonly #process = new ProcessFamilies();

  constructor(measured: Measured) {
    this.#measured = measured;
  }

  /** Everything as it is now. */
  async write(format: Format): Promise<string> {
    const ofProcess = await this.#process.read();
    const exposition = new Exposition(format);
    for (const family of FAMILIES) exposition.add(family, this.#measured);
    for (const family of ofProcess) exposition.addRead(family);
    return exposition.end();
  }
}
