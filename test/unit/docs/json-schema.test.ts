// The JSON Schemas say what the JSON codec does: all that it writes fits them, and it reads what fits them, nothing else.
import type { ValidateFunction } from "ajv";
import fc from "fast-check";
import { test } from "tap";
import { MESSAGES, type MessageName } from "../../../generated/ts/schema.js";
import { type Direction, SchemaBook } from "../../../src/docs/json-schema.js";
import { TidewireError } from "../../../src/errors.js";
import { frameToJson, readMessage, writeMessage } from "../../../src/wire/json.js";
import { type FieldPlan, type Message, type MessagePlan, planOf } from "../../../src/wire/plan.js";
import { messages } from "../../conformance/arbitraries.js";
import { ajvOf } from "../../support/ajv.js";
import { fitting, nearlyFitting } from "../../support/schema-values.js";

const names = Object.keys(MESSAGES) as MessageName[];
const book = new SchemaBook({ taken: names, given: names }, "#/$defs/");
const $defs = book.components();
const validators = {
  taken: ajvOf("taken").addSchema({ $id: "all", $defs }),
  given: ajvOf("given").addSchema({ $id: "all", $defs }),
};

function validatorOf(name: MessageName, direction: Direction): ValidateFunction {
  const { $ref } = book.ref(name, direction);
  return validators[direction].compile({ $ref: `all${$ref}` });
}

test("whatever the server writes fits the schema of what it gives", async (t) => {
  for (const name of names) {
    const fits = validatorOf(name, "given");
    const property = fc.property(messages(name), (message) => {
      sayEnums(planOf(name), message);
      const isFrame = name === "ServerFrame" || name === "ClientFrame";
      const json = isFrame ? frameToJson(name, message as never) : writeMessage(name, message as never);
      if (!fits(JSON.parse(JSON.stringify(json)))) throw new Error(`${name}: ${JSON.stringify(fits.errors)}`);
    });
    t.doesNotThrow(() => fc.assert(property, { numRuns: 60 }), name);
  }
});

test("the server reads what fits the schema of what it takes, and refuses what does not", async (t) => {
  // Readings refuse what is no number by a code of their own, and of floats the server reads no others.
  const isStrict = (name: MessageName) =>
    !fieldsOf(planOf(name)).some(({ lenient, kind }) => lenient || kind === "float");
  const strict = names.filter(isStrict);
  for (const name of strict) {
    const [fits, ref] = [validatorOf(name, "taken"), book.ref(name, "taken")];
    const property = fc.property(fc.oneof(fitting(ref, { $defs }), nearlyFitting(ref, { $defs })), (json) => {
      const refusal = refusalOf(name, json);
      if (fits(json) === (refusal === undefined)) return;
      throw new Error(`${name}: ${refusal ?? "is read"}; the schema says ${JSON.stringify(fits.errors)}`);
    });
    t.doesNotThrow(() => fc.assert(property, { numRuns: 60 }), name);
  }
  t.ok(strict.length > 50);
});

function refusalOf(name: MessageName, json: unknown): string | undefined {
  try {
    readMessage(name, json);
    return undefined;
  } catch (error) {
    if (error instanceof TidewireError) return error.message;
    throw error;
  }
}

/** Gives enums without presence a value, as the server does. */
function sayEnums(plan: MessagePlan, message: Message): void {
  for (const field of plan.plain) {
    const value = message[field.key];
    if (field.kind === "enum" && !field.optional && value === 0) message[field.key] = 1;
    if (field.kind === "message" && value !== undefined)
      for (const each of elementsOf(field, value)) sayEnums(field.plan, each);
  }
  const chosen = message[plan.oneof] as { $case: string; value: Message } | undefined;
  const field = plan.byCase.get(chosen?.$case ?? "");
  if (chosen && field) sayEnums(field.plan, chosen.value);
}

function elementsOf({ cardinality }: FieldPlan, value: unknown): Message[] {
  return cardinality === "one" ? [value as Message] : Object.values(value as object);
}

/** The fields of a message and of all messages in it. */
function fieldsOf(plan: MessagePlan, seen = new Set<MessagePlan>()): FieldPlan[] {
  if (seen.has(plan)) return [];
  seen.add(plan);
  const own = [...plan.plain, ...plan.byCase.values()];
  return [...own, ...own.flatMap((field) => (field.kind === "message" ? fieldsOf(field.plan, seen) : []))];
}
