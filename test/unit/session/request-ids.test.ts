import { pino } from "pino";
import { test } from "tap";
import { EVERYBODY } from "../../../src/access/grant.js";
import { config } from "../../integration/support/frames.js";
import { ENCODINGS } from "../../integration/support/peer.js";
import { Line, MODEL, scene, settled } from "./memory.js";

for (const encoding of ENCODINGS) {
  test(`${encoding}: a fault tells the client what the log has it under, and nothing of its cause`, async (t) => {
    const lines: string[] = [];
    const services = {
      ...scene().services,
      log: pino({ base: undefined }, { write: (line) => lines.push(line) }),
      models: {
        get: () => {
          throw new Error("a secret of ours");
        },
      } as never,
    };
    const line = new Line(services, `tidewire.v1.${encoding}`, EVERYBODY);
    line.say(encoding, 12, config(MODEL));
    await settled();
    const requestId = `${line.session.id}/12`;
    const [frame] = line.transport.frames;
    t.match(frame, { id: 12, body: { value: { details: { request_id: requestId } } } });
    t.notMatch(JSON.stringify(frame), "secret");
    t.equal(lines.length, 1);
    t.match(JSON.parse(lines[0] as string), {
      request_id: requestId,
      session: line.session.id,
      error_code: "INTERNAL_ERROR",
      err: { message: "a secret of ours" },
    });
    t.equal(services.traffic.errors.of("INTERNAL_ERROR"), 1);
  });
}

test("what the client has done wrong has no id: its own frame's is enough", async (t) => {
  const line = scene().open("tidewire.v1.json");
  line.say("json", 3, config(""));
  await settled();
  t.match(line.transport.frames, [{ id: 3, body: { $case: "error", value: { details: undefined } } }]);
});
