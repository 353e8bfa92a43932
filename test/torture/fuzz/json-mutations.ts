// Mutations of JSON frames: values in the wrong place, names that mean something to JavaScript, texts that are almost JSON.
import type { Random } from "../lib/random.js";
import { jsonMutant, type Mutant } from "./message.js";

const deep = (open: string, close: string, depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;

/** What stands where something else was expected; as text, since not all of it is JSON. */
const VALUES = [
  "null", "true", "false", '""', "[]", "{}", "0", "-0", "1", "-1", "0.5", "1e999", "-1e999", "1e-400", "2147483648",
  "-2147483649", "4294967296", "9007199254740993", "18446744073709551616", "12345678901234567890123", '"5"', '"NaN"',
  '"Infinity"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"__proto__"', '"constructor"', '"toString"',
  '"../../../etc/passwd"', '"task.p.*"', '">"', '"training.."', '"2025-02-30T00:00:00Z"', '"2025-12-15T10:30:00+99:99"',
  '{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"x":1}}}', '{"length":5}', '{"toString":1,"valueOf":2}',
  "[null]", "[[[]]]", '[1,"2",null,{}]', '"AAA"', '"AA=="', '"====" ', deep("[", "]", 40), deep('{"a":', "}", 40),
  deep("[", "]", 70), deep('{"a":', "}", 300), `"${"x".repeat(3000)}"`, `[${"1,".repeat(500)}1]`, `1${"0".repeat(400)}`,
  // no JSON
  "NaN", "Infinity", "undefined", "01", "0x10", ".5", "5.", "+1", "1_000", "'a'", '"\t"', '"\\x41"', '"\\u12"', "[1,]", '{"a":1,}', "",
] as const; // biome-ignore format: a table

/** Members that are added in front, some of them for the second time. */
const MEMBERS = [
  '"type":"ping",', '"type":5,', '"id":1,', '"id":"5",', '"id":null,', '"id":1.5,', '"id":-1,', '"id":4294967296,', '"data":{},',
  '"data":null,', '"data":[],', '"__proto__":{"type":"ping"},', '"constructor":null,', '"hasOwnProperty":1,', '"toJSON":1,',
  '"":0,', '"\\u0074ype":"ping",', '"topic":"task.p.t1",', '"values":[1,2],', '"ensembleName":"ensemble_narrow",',
]; // biome-ignore format: a table

const BEFORE = ["\ufeff", " ", "\n\t", "\u0000", "[", "{", "/* */", "null", '"'];
const BEHIND = [" ", "\n", "{}", "]", "}", "\u0000", ",", "//", "\ufeff", '{"type":"ping"}'];

/** Every value of a text, strings included, and every name. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/g;

/** A valid frame's text with one or two mutations. @param after JSON behind `{"id":1,` */
export function mutateJson(after: string, random: Random): Mutant {
  let text = after;
  for (let count = random.integer(1, 2); count > 0; count -= 1) text = random.pick(MUTATIONS)(text, random);
  return jsonMutant(text, random.chance(0.03) ? random.pick(BEFORE) : "");
}

const MUTATIONS: readonly ((text: string, random: Random) => string)[] = [
  replaceToken,
  replaceToken,
  replaceToken,
  (text, random) => random.pick(MEMBERS) + text,
  (text, random) => text + random.pick(BEHIND),
  (text, random) => text.slice(0, random.integer(0, text.length)),
  changeCharacter,
  changeCharacter,
  (text, random) => {
    const from = random.integer(0, text.length);
    return text.slice(0, from) + text.slice(from + random.integer(1, 4));
  },
  (text, random) => {
    const from = random.integer(0, text.length);
    return text.slice(0, from + random.integer(1, 30)) + text.slice(from);
  },
];

function replaceToken(text: string, random: Random): string {
  const tokens = [...text.matchAll(TOKEN)];
  if (tokens.length === 0) return text;
  const token = random.pick(tokens);
  return text.slice(0, token.index) + random.pick(VALUES) + text.slice(token.index + token[0].length);
}

const ALPHABET = '{}[]",:0123456789.eE+-\\u\u0000\u001f truefalsn_\u007f\u00e9\u{1f300}';

function changeCharacter(text: string, random: Random): string {
  const at = random.integer(0, text.length - 1);
  return text.slice(0, Math.max(0, at)) + random.pick([...ALPHABET]) + text.slice(at + 1);
}
