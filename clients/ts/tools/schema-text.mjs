// The schema's table as one text, and back.
//
// Enums and messages are lines of words between commas. An enum is its name and its values; a message its name, its
// shape, the name of its oneof, and its fields. A field is its kind's letter, signs for what holds of it, its name, "="
// and its number unless that is the one after the last field's, and ":" and its type unless that is its own name. Types
// are named as fields are, in snake_case: what repeats costs little once it is compressed.

import { gzipSync } from "node:zlib";

const KINDS = "double float int32 int64 uint32 uint64 bool string bytes enum message timestamp struct value".split(" ");
const SIGNS = { repeated: "*", map: "%", optional: "?", keepEmpty: "!", oneof: "." };

/** What this text cannot say is lost: compare what {@link unpackSchema} gives. */
export function packSchema(enums, messages) {
  const lines = Object.entries(enums).map(([name, values]) => [snakeCase(name), ...values].join());
  return [...lines, "", ...arranged(Object.entries(messages).map(packMessage).sort(byFields))].join("\n");
}

/** Messages that begin alike stand together, and compress the better. */
function byFields(a, b) {
  const [fieldsOfA, fieldsOfB] = [a, b].map((line) => line.split(",").slice(3).join());
  return fieldsOfA < fieldsOfB ? -1 : Number(fieldsOfA > fieldsOfB);
}

/** The lines, each put where all of them compress best: another 40 bytes less. */
function arranged(lines) {
  return lines.reduce((all, line) => {
    const others = all.filter((each) => each !== line);
    const orders = [all, ...lines.map((_, at) => others.toSpliced(at, 0, line))];
    const sizes = orders.map((order) => gzipSync(order.join("\n"), { level: 9 }).length);
    return orders[sizes.indexOf(Math.min(...sizes))];
  }, lines);
}

function packMessage([name, { shape, fields }]) {
  const oneof = fields.find((field) => field.oneof)?.oneof;
  return [
    snakeCase(name),
    shape,
    oneof,
    ...fields.map((field, i) => packField(field, fields[i - 1]?.number ?? 0)),
  ].join();
}

function packField(field, before) {
  const { kind, name, number, type } = field;
  const letter = String.fromCharCode(97 + KINDS.indexOf(kind));
  const signs = Object.entries(SIGNS).map(([flag, sign]) => (field[flag] ? sign : ""));
  const numbered = number === before + 1 ? "" : `=${number}`;
  const typed = type === undefined || snakeCase(type) === name ? "" : `:${snakeCase(type)}`;
  return [letter, ...signs, name, numbered, typed].join("");
}

function snakeCase(name) {
  return name.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

/** The module that the text becomes; its function is the other half of this file. */
export function schemaModule(text) {
  return `${unpackSchema.toString().replace("function", "export function")}\nexport const [ENUMS, MESSAGES] = unpackSchema(${JSON.stringify(text)});\n`;
}

/** The same for messages that a page may load later, beside the module of {@link schemaModule}. */
export function laterModule(text) {
  const path = "../../../../generated/ts/schema.js";
  return `import { unpackSchema } from "${path}";\nexport const [ENUMS, MESSAGES] = unpackSchema(${JSON.stringify(text)});\n`;
}

/** The enums and the messages. Stands alone: its own source is published. */
export function unpackSchema(text) {
  const kinds = "double float int32 int64 uint32 uint64 bool string bytes enum message timestamp struct value".split(
    " ",
  );
  const signs = { "*": "repeated", "%": "map", "?": "optional", "!": "keepEmpty" };
  const [enums, messages] = text
    .split("\n\n")
    .map((part) => part.split("\n").map((line) => line.split(",")))
    .map((lines, i) =>
      Object.fromEntries(lines.map(([name, ...words]) => [typeOf(name), i ? messageOf(words) : words])),
    );
  function typeOf(name) {
    return name.replace(/(?:^|_)(.)/g, (_, letter) => letter.toUpperCase());
  }
  function messageOf([shape, oneof, ...words]) {
    let number = 0;
    const fields = words.map((word) => {
      const [, letter, flags, name, own, type] = /^(.)(\W*)(\w+)=?(\d*):?(\w*)/.exec(word);
      number = Number(own) || number + 1;
      const field = { name, number, kind: kinds[Number.parseInt(letter, 36) - 10] };
      if (/[jk]/.test(letter)) field.type = typeOf(type || name);
      for (const flag of flags) field[signs[flag] ?? "oneof"] = flag === "." ? oneof : true;
      return field;
    });
    return shape ? { shape, fields } : { fields };
  }
  return [enums, messages];
}
