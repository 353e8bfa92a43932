// The runner of the torture: chance that can be had again, the command line, findings that stay few.
import { test } from "tap";
import { readArguments, replayCommand, UsageError } from "../../torture/lib/arguments.js";
import { type Context, Findbook, lengthMs, type Part } from "../../torture/lib/part.js";
import { Random } from "../../torture/lib/random.js";
import { isSound, toText } from "../../torture/lib/report.js";

const PART = { description: "", run: async () => ({ findings: [], figures: {} }) };
const PARTS: readonly Part[] = [
  { ...PART, name: "a" },
  { ...PART, name: "b" },
  { ...PART, name: "rare", onRequest: true },
];

const drawn = (random: Random): number[] => Array.from({ length: 5 }, () => random.uint32());

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

test("a seed and a name decide every number, on every machine", async (t) => {
  t.same(drawn(new Random(7, "part")), drawn(new Random(7, "part")));
  t.notSame(drawn(new Random(7, "part")), drawn(new Random(8, "part")));
  t.notSame(drawn(new Random(7, "part")), drawn(new Random(7, "other")));
  const random = new Random(7, "part");
  const before = drawn(random.fork("client"));
  drawn(random);
  t.same(drawn(random.fork("client")), before, "a fork does not depend on what was drawn");
});

test("numbers keep to their ranges, and use them", async (t) => {
  const random = new Random(1, "ranges");
  const dice = Array.from({ length: 6000 }, () => random.integer(1, 6));
  t.same([...new Set(dice)].sort(), [1, 2, 3, 4, 5, 6]);
  t.ok([1, 2, 3, 4, 5, 6].every((face) => Math.abs(dice.filter((one) => one === face).length - 1000) < 200));
  t.equal(Array.from({ length: 1000 }, () => random.chance(0)).filter(Boolean).length, 0);
});

test("the command line chooses parts, seed and length, and says what is wrong with it", async (t) => {
  const names = (words: string[]): string[] => {
    const request = readArguments(words, PARTS);
    return request.is === "run" ? request.parts.map(({ name }) => name) : [];
  };
  t.same(names([]), ["a", "b"]);
  t.same(names(["--only", "rare, a"]), ["rare", "a"]);
  t.match(readArguments(["--seed", "12", "--minutes", "0.5", "--json", "x"], PARTS), {
    seed: 12,
    minutes: 0.5,
    file: "x",
    isLong: false,
  });
  for (const words of [["--seed", "-1"], ["--seed", "x"], ["--minutes", "0"], ["--only", "c"], ["--nothing"], ["word"]])
    t.ok(thrownBy(() => readArguments(words, PARTS)) instanceof UsageError, words.join(" "));
  t.equal(replayCommand(3, "a", 5, true), "npm run torture -- --seed 3 --only a --minutes 5 --long");
});

test("a part is as long as was asked for, else as suits minutes or hours", async (t) => {
  const usual = { seconds: 30, longSeconds: 300 };
  const length = (asked: Partial<Context>): number =>
    lengthMs({ minutes: undefined, isLong: false, ...asked } as Context, usual);
  t.same([length({}), length({ isLong: true }), length({ isLong: true, minutes: 2 })], [30_000, 300_000, 120_000]);
});

test("findings are told by their promise, ten of each, with how to have them again", async (t) => {
  const book = new Findbook();
  t.ok(book.isEmpty);
  book.expect(true, "holds", () => {
    throw new Error("asked for nothing");
  });
  for (let i = 0; i < 25; i += 1) book.expect(false, "nothing is lost", () => `line ${i}`);
  t.equal(book.findings.length, 11);
  t.same(book.findings.at(-1), { invariant: "nothing is lost", what: "and 15 more" });
  const outcome = { name: "a", seconds: 1, findings: book.findings, figures: { lines: 1234 } };
  const run = { seed: 3, isLong: false, minutes: undefined, outcomes: [outcome] };
  t.notOk(isSound(run));
  t.match(toText(run), /a {5}11 FOUND[\s\S]*lines: 1,234[\s\S]*--seed 3 --only a[\s\S]*nothing is lost: line 0/);
  t.ok(isSound({ ...run, outcomes: [{ ...outcome, findings: [] }] }));
});
