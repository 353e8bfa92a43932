// Timestamps, base64 and 32-bit floats as JSON has them.
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { fromBase64, toBase64 } from "../../../src/wire/base64.js";
import { shortestDouble } from "../../../src/wire/float32.js";
import { formatTimestamp, parseTimestamp } from "../../../src/wire/timestamp.js";

const RUNS = 20_000;

t.test("timestamps that are read", async (t) => {
  const instant = { seconds: 1765794600, nanos: 0 };
  const same = ["2025-12-15T10:30:00", "2025-12-15T10:30:00Z", "2025-12-15t10:30:00z", "2025-12-15 10:30:00"];
  const offsets = ["2025-12-15T12:30:00+02:00", "2025-12-15T00:00:00-10:30", "2025-12-16T10:29:00+23:59"];
  for (const text of [...same, ...offsets, "2025-12-15T10:30:00.000000000Z"])
    t.same(parseTimestamp(text), instant, text);
  t.same(parseTimestamp("2025-12-15T10:30:00.1"), { ...instant, nanos: 100_000_000 });
  t.same(parseTimestamp("1969-12-31T23:59:59.999999999"), { seconds: -1, nanos: 999_999_999 });
  t.same(parseTimestamp("2024-02-29T00:00:00Z"), { seconds: 1709164800, nanos: 0 });
  t.same(parseTimestamp("0001-01-01T00:00:00Z"), { seconds: -62135596800, nanos: 0 });
  t.same(parseTimestamp("9999-12-31T23:59:59Z"), { seconds: 253402300799, nanos: 0 });
});

t.test("timestamps that are none", async (t) => {
  const texts = [
    ...["yesterday", "", "2025-12-15", "2025-13-15T10:30:00", "2025-00-15T10:30:00", "2025-12-32T10:30:00"],
    ...["2025-02-29T00:00:00", "1900-02-29T00:00:00", "2025-04-31T00:00:00", "2025-12-00T10:30:00"],
    ...["2025-12-15T25:30:00", "2025-12-15T24:00:00", "2025-12-15T10:60:00", "2025-12-15T10:30:60"],
    ...[
      "2025-12-15T10:30:00.",
      "2025-12-15T10:30:00.1234567890",
      "2025-12-15T10:30:00+2:00",
      "2025-12-15T10:30:00+24:00",
    ],
    ...["2025-12-15T10:30:00+02:60", "2025-12-15T10:30:00 Z", "25-12-15T10:30:00", "12025-12-15T10:30:00"],
    ...[
      "0000-12-31T23:59:59Z",
      "0001-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01",
      "2025-12-15T10:30Z",
      "1765794600",
    ],
  ];
  for (const text of texts) t.equal(parseTimestamp(text), undefined, text);
});

t.test("timestamps come back, with as many digits as it takes", async (t) => {
  const format = (nanos: number) => formatTimestamp({ seconds: 0, nanos });
  t.same([0, 1e6, 120_000_000, 1000, 1].map(format), [
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:00.001Z",
    "1970-01-01T00:00:00.120Z",
    "1970-01-01T00:00:00.000001Z",
    "1970-01-01T00:00:00.000000001Z",
  ]);
  const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
  const property = fc.property(seconds, fc.integer({ min: 0, max: 999_999_999 }), (seconds, nanos) => {
    const text = formatTimestamp({ seconds, nanos });
    assert.deepStrictEqual(parseTimestamp(text), { seconds, nanos });
    assert.equal(new Date(text).getTime(), seconds * 1000 + Math.floor(nanos / 1e6));
  });
  fc.assert(property, { numRuns: RUNS });
});

t.test("base64 is Node's, in both alphabets, padded or not", async (t) => {
  const property = fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    const text = Buffer.from(bytes).toString("base64");
    assert.equal(toBase64(bytes), text);
    for (const form of [text, text.replace(/=+$/, ""), Buffer.from(bytes).toString("base64url")]) {
      assert.deepStrictEqual(fromBase64(form), bytes);
    }
  });
  fc.assert(property, { numRuns: RUNS });
  for (const text of ["A", "A===", "AA=", "AAA==", "=", "====", "AA A", "AA\nA", "AA*A", "AAé=", "A=AA", "AAAA="]) {
    t.equal(fromBase64(text), undefined, JSON.stringify(text));
  }
  t.same(fromBase64(""), new Uint8Array(0));
});

t.test("a float is written with the fewest digits that read back to it", async (t) => {
  for (const value of [
    0, 1, -1, 0.1, 1081.4, 546.1, 1013.2, 65.2, 0.21, 16777216, 3.4028234663852886e38, 1e-45, 1e-7, 123456790,
  ]) {
    t.equal(String(shortestDouble(Math.fround(value))), String(value === 3.4028234663852886e38 ? 3.4028235e38 : value));
  }
  const property = fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
    const short = shortestDouble(value);
    assert.equal(Math.fround(short), value + 0);
    assert.ok(digits(short) <= digits(byTrial(value)), `${value}: ${short}, by trial ${byTrial(value)}`);
  });
  fc.assert(property, { numRuns: RUNS });
  const usual = fc.property(
    fc.double({ min: -1e5, max: 1e5, noNaN: true }),
    fc.integer({ min: 0, max: 5 }),
    (value, n) => {
      const short = Number(value.toFixed(n));
      assert.ok(digits(shortestDouble(Math.fround(short))) <= Math.max(digits(short), 1));
    },
  );
  fc.assert(usual, { numRuns: RUNS });
});

/** The shortest by trying every precision. */
function byTrial(value: number): number {
  for (let precision = 1; precision < 9; precision++) {
    const short = Number(value.toPrecision(precision));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

function digits(value: number): number {
  return value.toExponential().replace(/e.*/, "").replace(/\D/g, "").length;
}
