// The error catalogue and the schema's enum are one list.
import t from "tap";
import { ENUMS } from "../../generated/ts/schema.js";
import { ErrorCode } from "../../generated/ts/tidewire/v1/error.js";
import { ERRORS, type ErrorRow, TidewireError } from "../../src/errors.js";
import { toTidewireError } from "../../src/machine-faults.js";

const rows: readonly (readonly [string, ErrorRow])[] = Object.entries(ERRORS);

t.test("every code of the catalogue is in the enum under its number, and the other way", async (t) => {
  const inEnum = Object.entries(ErrorCode).filter(([, number]) => number !== 0);
  t.same(
    inEnum.map(([name, number]) => [name.replace("ERROR_CODE_", ""), number]),
    rows.map(([code, row]) => [code, row.wireNumber]),
  );
  t.same(ENUMS.ErrorCode, ["", ...rows.map(([code]) => code)], "JSON writes the code itself");
});

t.test("statuses and close codes say the same about coming back", async (t) => {
  for (const [code, { httpStatus, closeCode, retryable }] of rows) {
    t.ok(httpStatus >= 400 && httpStatus < 600, code);
    if (closeCode !== undefined && closeCode >= 4000)
      t.equal(closeCode < 4400, retryable, `${code} closes with ${closeCode}`);
    if (httpStatus === 429 || httpStatus === 503 || httpStatus === 504) t.ok(retryable, code);
  }
});

t.test("an error carries its row; unknown causes say nothing", async (t) => {
  const cause = new Error("secret");
  const error = new TidewireError("RATE_LIMITED", "slow down", { limit: 5 }, { cause, retryAfterMs: 10 });
  t.match(error, {
    code: "RATE_LIMITED",
    retryable: true,
    retryAfterMs: 10,
    details: { limit: 5 },
    row: { httpStatus: 429 },
  });
  t.equal(error.cause, cause);
  t.equal(toTidewireError(error), error);
  const unknown = toTidewireError(cause);
  t.match(unknown, { code: "INTERNAL_ERROR", details: undefined });
  t.notMatch(unknown.message, /secret/);
  t.equal(unknown.cause, cause);
  t.notOk("cause" in new TidewireError("NOT_FOUND", "none"));
});
