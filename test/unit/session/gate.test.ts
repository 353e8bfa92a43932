// Grants of sessions, without a socket: what is watched for their end, and until when.
import { test } from "tap";
import type { Authenticator } from "../../../src/access/access.js";
import { Grant, NOBODY } from "../../../src/access/grant.js";
import { GrantWatch } from "../../../src/access/grant-watch.js";
import { ADMIN } from "../../../src/access/scopes.js";
import { turn } from "../inference/fake-executor.js";
import { scene } from "./memory.js";

const inAnHour = () => new Grant({ subject: "s", scopes: [ADMIN], expiresAtMs: Date.now() + 3_600_000 });
const authenticate = { $case: "authenticate", value: { token: "t" } } as const;

/** Tells how many grants are watched. */
class CountedWatch extends GrantWatch {
  count = 0;

  override watch(...watched: Parameters<GrantWatch["watch"]>): () => void {
    const unwatch = super.watch(...watched);
    let isWatched = true;
    this.count += 1;
    return () => {
      if (isWatched) this.count -= 1;
      isWatched = false;
      unwatch();
    };
  }
}

/** Tokens that are checked once the test says so. */
function slowAccess() {
  let checked: (grant: Grant) => void = () => undefined;
  const watch = new CountedWatch();
  const access: Authenticator = {
    isOpen: false,
    watch,
    authenticate: () =>
      new Promise((resolve) => {
        checked = resolve;
      }),
  };
  return { access, watch, finish: (grant: Grant) => checked(grant) };
}

test("a session that closes while another token is checked watches no grant any more", async (t) => {
  const { access, watch, finish } = slowAccess();
  const line = scene({}, access).open("tidewire.v1.json", inAnHour());
  line.say("json", 1, authenticate);
  t.equal(watch.count, 1);
  line.session.end(1001, "gone");
  finish(inAnHour());
  await turn();
  t.equal(watch.count, 0);
  t.same(line.told, [], "and says nothing");
});

test("nor does one that closes while its first token is checked; one that stays watches one grant", async (t) => {
  const { access, watch, finish } = slowAccess();
  const gone = scene({}, access).open("tidewire.v1.json", NOBODY);
  gone.say("json", 1, authenticate);
  gone.session.end(1001, "gone");
  finish(inAnHour());
  await turn();
  t.equal(watch.count, 0);
  const line = scene({}, access).open("tidewire.v1.json", inAnHour());
  line.say("json", 1, authenticate);
  finish(inAnHour());
  await turn();
  t.equal(watch.count, 1);
  await turn(); // in which the reply leaves
  t.same(line.told, ["1 authenticated"]);
  line.session.end(1001, "gone");
  t.equal(watch.count, 0);
});
