// Limits of one connection's frames, of predictions, and of topics.
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { DataType } from "../../../generated/ts/tidewire/v1/inference.js";
import { MAX_TOKEN_LENGTH } from "../../../src/events/topic.js";
import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from "../../../src/wire/json-limits.js";
import { MAX_STRUCT_DEPTH } from "../../../src/wire/struct.js";
import { MAX_MESSAGES } from "../../../src/wire/structure.js";
import { codeOf, config, expect, floats, infer, predict, predictBatch, type ServerBody } from "../support/frames.js";
import { Peer } from "../support/peer.js";
import { birth, effect, fixed, forGood, frame, line, type Row, seenIn, setting, talk } from "./row.js";

const NARROW = ["ensemble_narrow"];
/** Fields of the schema: ClientFrame.publish, Publish.status_changed, StatusChanged.config. */
const [PUBLISH_TAG, STATUS_TAG, CONFIG_TAG] = [0x42, 0x4a, 0x22];

export const FRAMES: readonly Row[] = [
  setting("maxFrameBytes", { closed: 1009, effect: "the connection is closed" }, async (t) => {
    const { peer } = await talk(t, { maxFrameBytes: "1KiB" });
    peer.socket.send(" ".repeat(1025));
    return { closed: (await peer.closed).code, effect: "the connection is closed" };
  }),
  setting("maxInvalidFrames", frame("INVALID_JSON", 4400), async (t) => {
    const { peer } = await talk(t, { maxInvalidFrames: "2" });
    for (let i = 0; i < 2; i += 1) peer.socket.send("{");
    const first = await peer.next();
    return seenIn(first?.body as ServerBody, (await peer.closed).code);
  }),
  setting("maxInFlight", effect("it is not read until answers are out; nothing is lost"), async (t) => {
    const { url } = await talk(t, { maxInFlight: "1" }, NARROW);
    const peer = await Peer.connect(t, url, "proto");
    t.equal(expect(await peer.ask(config("ensemble_narrow")), "configAck").maxInFlight, 1);
    const replies = await Promise.all(Array.from({ length: 50 }, (_, i) => peer.ask(predict({ values: [i, 1] }))));
    for (const reply of replies) expect(reply, "prediction");
    return effect("it is not read until answers are out; nothing is lost");
  }),
  setting("maxBatchRows", frame("BATCH_TOO_LARGE"), async (t) => {
    const { url } = await talk(t, { maxBatchRows: "2" }, NARROW);
    const peer = await Peer.connect(t, url, "proto");
    await peer.ask(config("ensemble_narrow"));
    return seenIn(await peer.ask(predictBatch({ matrix: new Uint8Array(3 * 8) })));
  }),
  setting("maxQueuedRows", frame("OVERLOADED"), async (t) => {
    const { url } = await talk(t, { maxQueuedRows: "2", maxBatchRows: "2" }, ["slow"]);
    const peer = await Peer.connect(t, url, "proto");
    await peer.ask(config("slow"));
    const replies = await Promise.all(Array.from({ length: 6 }, () => peer.ask(predict({ values: Array(8).fill(1) }))));
    return seenIn(replies.find((reply) => codeOf(reply) !== undefined) as ServerBody);
  }),
  setting("maxQueuedBytes", frame("SLOW_CONSUMER", 4008), async (t) => {
    const { peer, say, post, get } = await talk(t, { maxQueuedBytes: "64KiB" });
    await say("publish", birth("training.a"));
    await say("subscribe", { topic: "training.a" });
    peer.socket.pause();
    const lines = JSON.stringify(Array.from({ length: 500 }, () => line("training.a", "x".repeat(4_096))));
    for (let closes = 0; closes === 0; ) {
      await post("/events", lines);
      closes = ((await (await get("/api/v1/ws/stats")).json()) as { slow_consumer_closes: number })
        .slow_consumer_closes;
    }
    peer.socket.resume();
    const { code } = await peer.closed;
    return seenIn(peer.unasked.at(-1)?.body as ServerBody, code);
  }),
  setting("maxInferBytes", frame("FRAME_TOO_LARGE"), async (t) => {
    const { url } = await talk(t, { maxInferBytes: "1KiB" }, NARROW);
    const peer = await Peer.connect(t, url, "proto");
    const tensor = {
      ...floats("boundary_signals", [100, 2], new Float32Array(200)),
      datatype: DataType.DATA_TYPE_FP32,
    };
    return seenIn(await peer.ask(infer("ensemble_narrow", [tensor])));
  }),
  setting("maxSubscriptions", forGood(frame("TOO_MANY_REQUESTS")), async (t) => {
    const { say } = await talk(t, { maxSubscriptions: "1" });
    expect(await say("subscribe", { topic: "training.a" }), "subscribed");
    return seenIn(await say("subscribe", { topic: "training.b" }));
  }),
  setting("maxTopics", frame("OVERLOADED"), async (t) => {
    const { say } = await talk(t, { maxTopics: "1" });
    expect(await say("publish", birth("training.a")), "published");
    return seenIn(await say("publish", birth("training.b")));
  }),
  setting(
    "maxIdempotencyKeys",
    effect("the oldest key is forgotten: a publish that repeats it is a new event"),
    async (t) => {
      const { say } = await talk(t, { maxIdempotencyKeys: "1" });
      await say("publish", birth("training.a"));
      const keyed = (key: string) => say("publish", { ...line("training.a", "x"), idempotency_key: key });
      const first = expect(await keyed("one"), "published").offset;
      t.equal(expect(await keyed("one"), "published").offset, first, "the newest is remembered");
      await keyed("two");
      t.equal(expect(await keyed("one"), "published").offset, first + 2);
      return effect("the oldest key is forgotten: a publish that repeats it is a new event");
    },
  ),
  setting("idleTimeoutMs", { closed: 4000, effect: "the connection is closed" }, async (t) => {
    const { url } = await talk(t, { pingIntervalMs: "20", idleTimeoutMs: "100" });
    const peer = await Peer.connect(t, url, "json");
    peer.socket.pause(); // a peer that is frozen answers no ping
    for (;;) {
      const { active_connections: open } = (await (await fetch(`${url}/api/v1/ws/stats`)).json()) as {
        active_connections: number;
      };
      if (open === 1) break; // the other one answers its pings
    }
    peer.socket.resume();
    return { closed: (await peer.closed).code, effect: "the connection is closed" };
  }),
  fixed(
    "MAX_JSON_DEPTH",
    `${MAX_JSON_DEPTH}`,
    "objects and lists inside one another in a JSON text above 16 KiB",
    "the schema's own messages need 8, a Struct in them 32",
    frame("INVALID_MESSAGE"),
    async (t) => {
      const { peer } = await talk(t);
      peer.socket.send(`${"[".repeat(20_000)}`);
      return seenIn((await peer.next())?.body as ServerBody);
    },
  ),
  fixed(
    "MAX_JSON_VALUES",
    `${MAX_JSON_VALUES}`,
    "values in one JSON text",
    "4096 readings of 63 signals; parsing more holds everybody up, a matrix does not",
    frame("INVALID_MESSAGE"),
    async (t) => {
      const { peer } = await talk(t);
      peer.socket.send(`[${"0,".repeat(MAX_JSON_VALUES)}0]`);
      return seenIn((await peer.next())?.body as ServerBody);
    },
  ),
  fixed(
    "MAX_STRUCT_DEPTH",
    `${MAX_STRUCT_DEPTH}`,
    "objects and lists inside one another in a run's config and other free JSON",
    "one more, and other Protobuf decoders could not read it",
    frame("INVALID_MESSAGE"),
    async (t) => {
      const { say } = await talk(t);
      let deep: unknown = 1;
      for (let i = 0; i <= MAX_STRUCT_DEPTH; i += 1) deep = { deep };
      return seenIn(
        await say("publish", { topic: "training.a", type: "status_changed", data: { status: "queued", config: deep } }),
      );
    },
  ),
  fixed(
    "MAX_MESSAGES",
    `${MAX_MESSAGES}`,
    "messages and map entries in one binary frame",
    "two bytes of a frame can cost a hundred of memory",
    frame("INVALID_MESSAGE"),
    async (t) => {
      const { url } = await talk(t);
      const peer = await Peer.connect(t, url, "proto");
      const batch = Array.from({ length: MAX_MESSAGES }, () => ({ signals: {} }));
      return seenIn(await peer.ask(predictBatch({ batch })));
    },
  ),
  fixed(
    "MAX_TOKEN_LENGTH",
    `${MAX_TOKEN_LENGTH} characters`,
    "one token of a topic",
    "a key of the log must hold a topic whole",
    frame("INVALID_TOPIC"),
    async (t) => {
      const { say } = await talk(t);
      return seenIn(await say("subscribe", { topic: `training.${"a".repeat(MAX_TOKEN_LENGTH + 1)}` }));
    },
  ),
  fixed(
    "MAX_TOKENS",
    "8 tokens",
    "of a topic or pattern",
    "the longest family has three",
    frame("INVALID_TOPIC"),
    async (t) => {
      const { say } = await talk(t);
      return seenIn(await say("subscribe", { topic: Array(9).fill("a").join(".") }));
    },
  ),
  fixed(
    "MAX_POSITIONS_ASKED",
    "10000 positions",
    "in one subscribe by a pattern",
    "each is looked up before anything is told",
    frame("INVALID_MESSAGE"),
    async (t) => {
      const { say } = await talk(t);
      const positions = Object.fromEntries(
        Array.from({ length: 10_001 }, (_, i) => [`training.${i}`, { generation: 1, offset: 1 }]),
      );
      return seenIn(await say("subscribe", { topic: "training.*", positions }));
    },
  ),
  fixed(
    "MAX_DEPTH",
    "100",
    "messages inside one another in a binary frame",
    "where Protobuf's decoders stop by convention",
    frame("INVALID_MESSAGE"),
    async (t) => {
      const { url } = await talk(t);
      const peer = await Peer.connect(t, url, "proto");
      // Publish, its status_changed, its config, and values in values.
      let bytes = new BinaryWriter().uint32(0x12).string("x").finish();
      for (let i = 0; i < 60; i += 1) {
        const list = new BinaryWriter().uint32(0x32).bytes(bytes).finish();
        bytes = new BinaryWriter().uint32(0x0a).bytes(list).finish();
      }
      const value = new BinaryWriter().uint32(0x32).bytes(bytes).finish();
      const entry = new BinaryWriter().uint32(0x0a).string("k").uint32(0x12).bytes(value).finish();
      const config = new BinaryWriter().uint32(0x0a).bytes(entry).finish();
      const status = new BinaryWriter().uint32(CONFIG_TAG).bytes(config).finish();
      const publish = new BinaryWriter().uint32(STATUS_TAG).bytes(status).finish();
      return seenIn(
        await peer.replyTo(7, new BinaryWriter().uint32(0x08).int32(7).uint32(PUBLISH_TAG).bytes(publish).finish()),
      );
    },
  ),
  fixed(
    "MAX_POSITIONS_TOLD",
    "1000 positions",
    "of topics in `subscribed`",
    "a frame of some 40 KiB; a snapshot tells each topic's own",
    effect("the others are not named; their snapshots name them"),
    async (t) => {
      const { say, post } = await talk(t);
      const births = JSON.stringify(Array.from({ length: 1_001 }, (_, i) => birth(`training.${i}`)));
      t.equal((await post("/events", births)).status, 200);
      const { positions } = expect(await say("subscribe", { topic: "training.*" }), "subscribed");
      t.equal(Object.keys(positions).length, 1_000);
      return effect("the others are not named; their snapshots name them");
    },
  ),
  fixed(
    "MAX_HOSTS",
    "1000 hosts",
    "whose load is told; silent ones are forgotten after 10 minutes",
    "their states are kept in memory only",
    frame("OVERLOADED"),
    async (t) => {
      const { say } = await talk(t);
      const told = Array.from({ length: 1_001 }, (_, i) =>
        say("publish", { topic: `system.h${i}`, type: "system_stats", data: {} }),
      );
      return seenIn((await Promise.all(told)).find((reply) => codeOf(reply) !== undefined) as ServerBody);
    },
  ),
  fixed(
    "MAX_EVENT_BYTES",
    "1 MiB",
    "one event",
    "a reader's budget of 4 MiB holds several",
    frame("FRAME_TOO_LARGE"),
    async (t) => {
      const { say } = await talk(t);
      const config = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, "x".repeat(60_000)]));
      return seenIn(
        await say("publish", { topic: "training.a", type: "status_changed", data: { status: "queued", config } }),
      );
    },
  ),
  fixed(
    "log message",
    "64 KiB",
    "the text of one log line",
    "a line is a line; other texts have bounds of their own in events.proto",
    frame("INVALID_MESSAGE"),
    async (t) => {
      const { say } = await talk(t);
      await say("publish", birth("training.a"));
      return seenIn(await say("publish", line("training.a", "x".repeat(65_537))));
    },
  ),
  fixed(
    "metric name",
    "256 bytes",
    "one name of a metric",
    "names are kept in each topic's state",
    frame("INVALID_MESSAGE"),
    async (t) => {
      const { say } = await talk(t);
      await say("publish", birth("training.a"));
      return seenIn(
        await say("publish", { topic: "training.a", type: "metrics", data: { metrics: { ["m".repeat(257)]: 1 } } }),
      );
    },
  ),
  fixed(
    "idempotency_key",
    "128 bytes",
    "one key of a publish",
    "a UUID and a name fit",
    frame("INVALID_MESSAGE"),
    async (t) => {
      const { say } = await talk(t);
      return seenIn(await say("publish", { ...birth("training.a"), idempotency_key: "k".repeat(129) }));
    },
  ),
];
