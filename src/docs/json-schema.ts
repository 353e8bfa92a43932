// JSON Schema (2020-12) of the schema's messages. What a message looks like differs by direction: the server takes more
// than it gives (null for absent, strings for long integers), and always says what a client may leave out.
import { ENUMS, type MessageName } from "../../generated/ts/schema.js";
import type { JsonObject, JsonValue } from "../wire/json.js";
import { type CasePlan, type FieldPlan, type MessagePlan, planOf } from "../wire/plan.js";
import { commentOf, defaultValue, partComment } from "./comments.js";

/** Whether the server reads the message or writes it. */
export type Direction = "taken" | "given";

/** The messages that documents begin with, by direction. */
export type Roots = Readonly<Record<Direction, Iterable<MessageName>>>;

/** Digits of which any number of them is a safe integer. */
const LONG_TEXT = "^-?\\d{1,15}$";
/** Standard or URL-safe, padded or not. */
const BASE64 = "^([\\w+/-]{4})*([\\w+/-]{2}(==)?|[\\w+/-]{3}=?)?$";
const REAL = "Real";
const REAL_SCHEMA: JsonObject = {
  description: "A number. What JSON cannot write is a string.",
  anyOf: [{ type: "number" }, { type: "string", enum: ["NaN", "Infinity", "-Infinity"] }],
};

const SUCCESS: JsonObject = { const: "success" };
const FRAMES: ReadonlySet<MessagePlan> = new Set([planOf("ClientFrame"), planOf("ServerFrame")]);

/** The schemas of all messages that some roots hold, to be referred to by name. */
export class SchemaBook {
  readonly #reached: Readonly<Record<Direction, ReadonlySet<MessageName>>>;
  readonly #base: string;

  /** @param base where the components stand in the document, such as `#/components/schemas/` */
  constructor(roots: Roots, base: string) {
    this.#reached = { taken: reach(roots.taken), given: reach(roots.given) };
    this.#base = base;
  }

  /** A reference to a message's schema. */
  ref(name: MessageName, direction: Direction): JsonObject {
    if (!this.#reached[direction].has(name)) throw new Error(`${name} is not among the ${direction} messages`);
    return this.#refer(this.#nameOf(name, direction));
  }

  /** Every schema that is referred to, by its name. */
  components(): JsonObject {
    const schemas: JsonObject = { [REAL]: REAL_SCHEMA };
    for (const direction of ["given", "taken"] as const)
      for (const name of this.#reached[direction])
        schemas[this.#nameOf(name, direction)] = this.#message(planOf(name), direction);
    for (const name of Object.keys(ENUMS)) schemas[name] = enumSchema(name);
    return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A case of a message with a oneof, as JSON writes it: `type`, the fields beside it, and `data`. */
  caseOf(plan: MessagePlan, type: string, direction: Direction): JsonObject {
    const { field, inlined } = plan.cases.get(type) as CasePlan;
    const body = inlined ? (inlined.cases.get(type) as CasePlan).field.plan : field.plan;
    const properties: JsonObject = { type: { const: type } };
    const required = ["type"];
    if (direction === "given" && body.success) {
      properties.status = SUCCESS;
      required.push("status");
    }
    for (const owner of [plan, ...(inlined ? [inlined] : []), ...(body.shape === "flat" ? [body] : [])]) {
      for (const each of owner.plain) {
        properties[each.name] = this.#field(owner, each, direction);
        // A frame's id of 0 is left out.
        if (!FRAMES.has(owner) && isThere(each, direction)) required.push(each.name);
      }
    }
    if (body.shape !== "flat" && (body.plain.length > 0 || body.cases.size > 0)) {
      const data = this.ref(body.name, direction);
      const isNeeded = direction === "given" || needsFields(body);
      properties.data = isNeeded ? data : nullable(data);
      if (isNeeded) required.push("data");
    }
    return {
      title: type,
      description: partComment((inlined ?? plan).name, type),
      type: "object",
      properties,
      required,
    };
  }

  /** A field as a parameter of a query: text that is read as the field's kind. */
  parameter(plan: MessagePlan, field: FieldPlan): JsonObject {
    const one = field.kind.endsWith("int64") ? wholeSchema(field) : this.#one(field, "taken");
    const schema = field.cardinality === "list" ? { type: "array", items: one } : one;
    const said = defaultValue(partComment(plan.name, field.name));
    return said === undefined ? schema : { ...schema, default: said };
  }

  #message(plan: MessagePlan, direction: Direction): JsonObject {
    const description = commentOf(plan.name);
    if (plan.shape === "value") return { description, ...this.#bare(plan.plain[0] as FieldPlan, direction) };
    if (plan.cases.size > 0)
      return { description, oneOf: [...plan.cases.keys()].map((type) => this.caseOf(plan, type, direction)) };
    const properties: JsonObject = {};
    const required = plan.plain.filter((field) => isThere(field, direction)).map(({ name }) => name);
    if (direction === "given" && plan.success && !isBody(plan)) {
      properties.status = SUCCESS;
      required.unshift("status");
    }
    for (const field of plan.plain) properties[field.name] = this.#field(plan, field, direction);
    return { description, type: "object", properties, ...(required.length > 0 && { required }) };
  }

  #field(plan: MessagePlan, field: FieldPlan, direction: Direction): JsonObject {
    const comment = partComment(plan.name, field.name);
    const bare = this.#bare(field, direction);
    const isNullable = direction === "taken" && !field.required && field.kind !== "value";
    const said = direction === "taken" ? defaultValue(comment) : undefined;
    return {
      description: describe(comment, field),
      ...(isNullable ? nullable(bare) : bare),
      ...(said !== undefined && { default: said }),
      ...(field.unit !== undefined && { "x-unit": field.unit }),
    };
  }

  #bare(field: FieldPlan, direction: Direction): JsonObject {
    const one = this.#one(field, direction);
    if (field.cardinality === "list") return { type: "array", items: one };
    return field.cardinality === "map" ? { type: "object", additionalProperties: one } : one;
  }

  #one(field: FieldPlan, direction: Direction): JsonObject {
    switch (field.kind) {
      case "message":
        return this.ref(field.plan.name, direction);
      case "double":
      case "float":
        if (field.bounded) return { type: "number", ...rangeOf(field) };
        return direction === "taken" && field.lenient ? { type: "number" } : this.#refer(REAL);
      case "bool":
        return { type: "boolean" };
      case "string":
        return { type: "string", ...(field.maxBytes !== undefined && { maxLength: field.maxBytes }) };
      case "bytes":
        return { type: "string", contentEncoding: "base64", ...(direction === "taken" && { pattern: BASE64 }) };
      case "enum":
        return this.#refer(field.type as string);
      case "timestamp":
        return { type: "string", format: "date-time" };
      case "struct":
        return { type: "object" };
      case "value":
        return {};
      default:
        return direction === "taken" && field.kind.endsWith("int64") && !field.bounded
          ? {
              anyOf: [
                wholeSchema(field),
                { type: "string", pattern: LONG_TEXT.replace("-?", field.least < 0 ? "-?" : "") },
              ],
            }
          : wholeSchema(field);
    }
  }

  #nameOf(name: MessageName, direction: Direction): string {
    return direction === "taken" && this.#reached.given.has(name) ? `${name}Input` : name;
  }

  #refer(name: string): JsonObject {
    return { $ref: this.#base + name };
  }
}

/** Whether a message always has the field. An enum without presence counts as said: the server never leaves one open. */
function isThere(field: FieldPlan, direction: Direction): boolean {
  if (field.required) return true;
  if (direction === "taken" || field.optional) return false;
  if (field.cardinality !== "one" || field.kind === "bytes") return field.keepEmpty === true;
  return !["message", "timestamp", "struct", "value"].includes(field.kind);
}

/** Whether a message without any field is refused. */
function needsFields(plan: MessagePlan): boolean {
  return plan.required.length > 0 || plan.cases.size > 0;
}

/** Whether the message is a frame's body: then the frame says `status`. */
function isBody(plan: MessagePlan): boolean {
  return [...planOf("ServerFrame").byCase.values()].some((field) => field.plan === plan);
}

function reach(roots: Iterable<MessageName>): Set<MessageName> {
  const reached = new Set<MessageName>();
  const visit = (plan: MessagePlan): void => {
    if (reached.has(plan.name)) return;
    reached.add(plan.name);
    for (const field of [...plan.plain, ...plan.byCase.values()]) if (field.kind === "message") visit(field.plan);
  };
  for (const name of roots) visit(planOf(name));
  return reached;
}

function nullable(schema: JsonObject): JsonObject {
  if (typeof schema.type === "string") return { ...schema, type: [schema.type, "null"] };
  const choices: JsonValue[] = Array.isArray(schema.anyOf) ? schema.anyOf : [schema];
  return { anyOf: [...choices, { type: "null" }] };
}

function wholeSchema(field: FieldPlan): JsonObject {
  const format = field.kind.endsWith("32") ? field.kind : "int64";
  return { type: "integer", format, minimum: field.least, maximum: field.most };
}

function rangeOf({ min, max }: FieldPlan): JsonObject {
  return { ...(min !== undefined && { minimum: min }), ...(max !== undefined && { maximum: max }) };
}

function describe(comment: string, { unit, maxBytes }: FieldPlan): string {
  const parts = [comment];
  if (unit !== undefined) parts.push(`Unit: ${unit}.`);
  if (maxBytes !== undefined) parts.push(`At most ${maxBytes} bytes of UTF-8.`);
  return parts.join(" ");
}

function enumSchema(name: string): JsonObject {
  const values = (ENUMS[name] ?? []).filter((value) => value !== "");
  const meanings = values.map((value) => `- \`${value}\`: ${partComment(name, value)}`);
  return { description: [commentOf(name), "", ...meanings].join("\n"), type: "string", enum: values };
}
