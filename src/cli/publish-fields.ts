// Fields of the command line: `name=value`, with what the schema knows of them.
import type { FieldPlan, MessagePlan } from "../wire/plan.js";

type Data = Readonly<Record<string, unknown>>;

/** `--field name=value`, as it was typed. */
export interface Field {
  /** The field; with a dot, one of an object inside: what stands behind the first dot is its name there. */
  readonly name: string;
  readonly text: string;
}

/** Kinds whose values are texts in JSON. */
const TEXTS: ReadonlySet<string> = new Set(["string", "enum", "bytes", "timestamp"]);

/** The field that a word says; undefined when it is none. */
export function toField(word: string): Field | undefined {
  const [, name, text] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
  return name === undefined || text === undefined ? undefined : { name, text };
}

/** The data with the fields in it; a field said twice has its last value. @param plan of the event's data, where its type is known */
export function withFields(data: Data, fields: readonly Field[], plan: MessagePlan | undefined): Data {
  const whole: Record<string, unknown> = { ...data };
  for (const { name, text } of fields) {
    const dot = name.indexOf(".");
    if (dot <= 0) {
      put(whole, name, toValue(text, plan?.byName.get(name)));
      continue;
    }
    const outer = name.slice(0, dot);
    const inside = name.slice(dot + 1);
    const field = plan?.byName.get(outer);
    // A map's values have the field's kind, a message's are its fields.
    const kind = field?.cardinality === "map" ? field : field?.plan?.byName.get(inside);
    const known = whole[outer];
    const inner: Record<string, unknown> = typeof known === "object" && known !== null ? { ...known } : {};
    put(inner, inside, toValue(text, kind));
    put(whole, outer, inner);
  }
  return whole;
}

/** Not by assignment: that would take one name for the prototype. */
function put(data: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(data, name, { value, enumerable: true, configurable: true, writable: true });
}

function toValue(text: string, field: FieldPlan | undefined): unknown {
  if (field !== undefined && TEXTS.has(field.kind)) return text;
  if (text === "true" || text === "false") return text === "true";
  return /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}
