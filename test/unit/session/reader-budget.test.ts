// What a reader may leave unread.
import { test } from "tap";
import { roomFor } from "../../../src/session/reader-budget.js";

const BUDGET = 1000;

test("who has left the budget unread is slow; who is told much at once is not", async (t) => {
  const cases: [bytes: number, unsentBytes: number, turnBytes: number, room: "now" | "later" | "slow"][] = [
    [1, 0, 0, "now"],
    [5000, 0, 0, "now"], // a message alone
    [500, 500, 0, "now"],
    [501, 500, 0, "slow"],
    [1, 1000, 0, "slow"],
    [5000, 1, 0, "slow"],
    [100, 0, 400, "now"],
    [101, 0, 400, "later"],
    [1, 0, 5000, "later"],
    [101, 400, 400, "later"],
    [601, 400, 0, "slow"],
  ];
  for (const [bytes, unsentBytes, turnBytes, room] of cases)
    t.equal(roomFor(bytes, { unsentBytes, turnBytes }, BUDGET), room, `${bytes} to ${unsentBytes} and ${turnBytes}`);
});
