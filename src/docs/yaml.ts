import type { JsonValue } from "../wire/json.js";

/** Names that YAML 1.1 and 1.2 read as the text that they are. */
const PLAIN = /^(?!true$|false$|null$)[A-Za-z$][\w$-]{3,}$/;

/** A value of JSON as YAML in block style. Texts are in double quotes, which YAML reads as JSON does. */
export function toYaml(value: JsonValue, indent = ""): string {
  if (typeof value !== "object" || value === null) return `${JSON.stringify(value)}\n`;
  const entries: (readonly [string, JsonValue])[] = Array.isArray(value)
    ? value.map((each) => ["-", each] as const)
    : Object.entries(value).map(
        ([name, each]) => [`${PLAIN.test(name) ? name : JSON.stringify(name)}:`, each] as const,
      );
  if (entries.length === 0) return Array.isArray(value) ? "[]\n" : "{}\n";
  return entries.map(([mark, each]) => `${indent}${mark} ${nested(each, `${indent}  `)}`).join("");
}

function nested(value: JsonValue, indent: string): string {
  const isBlock = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  return isBlock ? `\n${toYaml(value, indent)}` : toYaml(value);
}
