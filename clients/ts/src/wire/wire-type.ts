// Protobuf's wire types, by field.
import type { FieldPlan } from "../../../../src/wire/plan.js";

export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
export const FIXED32 = 5;

const OTHERS: Readonly<Record<string, number>> = {
  double: FIXED64,
  float: FIXED32,
  string: DELIMITED,
  bytes: DELIMITED,
  message: DELIMITED,
  timestamp: DELIMITED,
  struct: DELIMITED,
  value: DELIMITED,
};

/** The wire type of one value of the field. */
export function wireOf(field: FieldPlan): number {
  return OTHERS[field.kind] ?? VARINT;
}

/** What google.protobuf.Struct holds as a map and ListValue as a list, both by this number. */
export const VALUES = { number: 1, kind: "value" } as FieldPlan;
