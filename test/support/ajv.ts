// Ajv as the documents need it: 2020-12, with the formats that they name.
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Direction } from "../../src/docs/json-schema.js";
import { parseTimestamp } from "../../src/wire/timestamp.js";

/** Timestamps as the server writes them. */
const IN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** A strict validator of what the server takes or gives: by that differs which texts are timestamps. */
export function ajvOf(direction: Direction): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, keywords: ["x-unit", "components"] });
  for (const name of ["int32", "uint32", "int64", "uint64"]) ajv.addFormat(name, true);
  const isTimestamp = (text: string): boolean =>
    parseTimestamp(text) !== undefined && (direction === "taken" || IN_UTC.test(text));
  return ajv.addFormat("date-time", { type: "string", validate: isTimestamp });
}
