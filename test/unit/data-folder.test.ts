// The server's own folders: known however they are written, and closed to other users.
import { chmodSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { closeOwnFolders, isOwn, makePrivate } from "../../src/data-folder.js";

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test("a path in one of the server's own folders is known, whatever a file system takes for the same name", async (t) => {
  const own = [
    ..."access|events|evaluations|access/minting.key|events/segment.0000000002|evaluations/0/result.csv".split("|"),
    ..."Access/minting.key|EVENTS|events.|events. .|evEnts/x|eventſ/x|ｅvents|ev\u200bents|events\u202e".split("|"),
    ..."events.part|events.before-2026-11-20T00-00-00-000Z/x|EVALUATIONS.BEFORE-x".split("|"),
  ];
  for (const way of own) t.ok(isOwn("/data", `/data/${way}`), JSON.stringify(way));
  for (const way of ["", "exports", "events2", "my events", "x/events", "inputs/access", "accessories"])
    t.notOk(isOwn("/data", `/data/${way}`), JSON.stringify(way));
});

test("what is made is for the server's user alone, whatever the umask", async (t) => {
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  const folder = join(t.testdir({}), "data");
  await makePrivate(join(folder, "events"));
  t.same([modeOf(folder), modeOf(join(folder, "events"))], ["700", "700"]);
  t.same(await closeOwnFolders(folder), { dataFolder: undefined, own: [] });
});

test("own folders that others may look into are closed; the data folder is told of and left as it is", async (t) => {
  const folder = t.testdir({});
  const [elsewhere, data] = [join(folder, "elsewhere"), join(folder, "data")];
  for (const path of [elsewhere, data, join(data, "events"), join(data, "evaluations"), join(data, "exports")]) {
    mkdirSync(path);
    chmodSync(path, 0o755);
  }
  symlinkSync(elsewhere, join(data, "access"));
  t.same(await closeOwnFolders(data), { dataFolder: 0o755, own: [] });
  const modes = ["events", "evaluations", "exports", "."].map((name) => modeOf(join(data, name)));
  t.same([...modes, modeOf(elsewhere)], ["700", "700", "755", "755", "755"]);
});

test("a folder that is not there is nobody's", async (t) => {
  t.same(await closeOwnFolders(join(t.testdir({}), "none")), { dataFolder: undefined, own: [] });
});
