// Figures and times as text.
import fc from "fast-check";
import t from "tap";
import { formatBytes, formatPercent, formatRate, formatValue } from "../src/format/numbers.js";
import { formatAgo, formatClock, formatDateTime, formatDuration } from "../src/format/time.js";

t.test("bytes have three digits and the right unit", async (t) => {
  const table = new Map([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [1024 * 1024 - 1, "1.0 MiB"],
    [150 * 1024 * 1024, "150 MiB"],
    [16 * 1024 ** 3, "16.0 GiB"],
    [2 ** 70, "1048576 PiB"],
  ]);
  for (const [bytes, text] of table) t.equal(formatBytes(bytes), text);
  t.equal(formatRate(2048), "2.0 KiB/s");
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 50 - 1 }), (bytes) => Number.parseFloat(formatBytes(bytes)) < 1024),
  );
});

t.test("shares", async (t) => {
  t.equal(formatPercent(0), "0 %");
  t.equal(formatPercent(3.06), "3.1 %");
  t.equal(formatPercent(9.96), "10 %");
  t.equal(formatPercent(99.6), "100 %");
});

t.test("values of any size have four digits", async (t) => {
  const table = new Map([
    [0, "0"],
    [0.123456, "0.1235"],
    [-1.5, "−1.5"],
    [12345, "12,345"],
    [1.5e-7, "1.50e−7"],
    [2.5e9, "2.50e+9"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ]);
  for (const [value, text] of table) t.equal(formatValue(value), text);
  fc.assert(
    fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (value) => {
      const back = Number(formatValue(value).replaceAll("−", "-").replaceAll(",", ""));
      return Math.abs(back - value) <= 0.006 * Math.abs(value);
    }),
  );
});

t.test("durations in their two largest units", async (t) => {
  const table = new Map([
    [0, "0 ms"],
    [999.7, "999 ms"],
    [1000, "1.0 s"],
    [9_999, "9.9 s"],
    [59_999, "59 s"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
    [349_200_000, "4 d 1 h"],
    [-1, "–"],
    [Number.NaN, "–"],
  ]);
  for (const [ms, text] of table) t.equal(formatDuration(ms), text);
});

t.test("how long ago; a clock that is ahead makes no future of it", async (t) => {
  t.equal(formatAgo(-5000), "now");
  t.equal(formatAgo(12_000), "12 s ago");
  t.equal(formatAgo(180_000), "3 min ago");
  t.equal(formatAgo(3 * 3_600_000), "3 h ago");
  t.equal(formatAgo(50 * 3_600_000), "2 d ago");
});

t.test("times in the reader's zone", async (t) => {
  const at = new Date(2026, 10, 20, 4, 3, 5, 7);
  t.equal(formatClock(at), "04:03:05.007");
  t.equal(formatDateTime(at), "2026-11-20 04:03:05");
});
