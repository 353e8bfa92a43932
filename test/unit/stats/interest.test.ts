// Whoever makes events only while somebody listens is told of the first that comes and the last that goes.
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { Hub, type Listener } from "../../../src/events/hub.js";
import { matches, parsePattern } from "../../../src/events/topic.js";

const TOPIC = "system.pc";
const listener: Listener = { deliver: () => undefined, removed: () => undefined };
const patterns = fc.constantFrom(
  "system.pc",
  "system.*",
  "system.>",
  ">",
  "*.pc",
  "*.*",
  "system.other",
  "*",
  "training.*",
  "system.pc.x",
);

test("told exactly at the first and the last, whatever patterns come and go, and however often", async (t) => {
  const commands = fc.array(fc.oneof(fc.record({ add: patterns }), fc.record({ remove: fc.nat() })));
  fc.assert(
    fc.property(commands, (list) => {
      const hub = new Hub();
      const told: string[] = [];
      hub.onInterest(TOPIC, { wanted: () => told.push("wanted"), unwanted: () => told.push("unwanted") });
      const added: { readonly pattern: string; readonly remove: () => void }[] = [];
      const expected: string[] = [];
      const isWanted = () => added.some(({ pattern }) => matches(parsePattern(pattern), TOPIC.split(".")));
      for (const command of list) {
        const was = isWanted();
        if ("add" in command)
          added.push({ pattern: command.add, remove: hub.add(parsePattern(command.add), listener) });
        else {
          const [one] = added.splice(command.remove % Math.max(1, added.length), 1);
          one?.remove();
          one?.remove();
        }
        if (was !== isWanted()) expected.push(was ? "unwanted" : "wanted");
      }
      assert.deepEqual(told, expected);
    }),
  );
  t.pass();
});

test("who is listened to already is told at once; who has ended its interest is not told", async (t) => {
  const hub = new Hub();
  const remove = hub.add(["system", "*"], listener);
  const told: string[] = [];
  const end = hub.onInterest(TOPIC, { wanted: () => told.push("wanted"), unwanted: () => told.push("unwanted") });
  t.same(told, ["wanted"]);
  end();
  remove();
  t.same(told, ["wanted"]);
});
