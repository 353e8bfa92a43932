// Bodies that trickle are cut; forms are not.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import Fastify from "fastify";
import { type Test, test } from "tap";
import { limitBodyTime } from "../../../src/http/body-deadline.js";

const TIMEOUT_MS = 50;

async function send(t: Test, type: string) {
  const app = Fastify({ requestTimeout: 0 });
  t.teardown(() => app.close());
  limitBodyTime(app, TIMEOUT_MS);
  const form = new Promise<void>((resolve) => {
    app.addContentTypeParser("multipart/form-data", (_request, payload, done) => {
      payload.on("end", () => done(null, {})).resume();
      resolve();
    });
  });
  app.post("/", async () => ({}));
  await app.listen({ port: 0, host: "127.0.0.1" });
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  t.teardown(() => socket.destroy());
  socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: 2\r\n\r\n{`);
  return { socket, form };
}

test("a body that does not come on is cut", async (t) => {
  const { socket } = await send(t, "application/json");
  socket.resume();
  await once(socket, "close");
  t.pass();
});

test("nor does one of a request that was refused before it came hold the connection", async (t) => {
  const app = Fastify({ requestTimeout: 0 });
  t.teardown(() => app.close());
  limitBodyTime(app, TIMEOUT_MS);
  app.addHook("preParsing", (_request, _reply, _payload, done) => done(new Error("refused")));
  app.post("/", async () => ({}));
  await app.listen({ port: 0, host: "127.0.0.1" });
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  t.teardown(() => socket.destroy());
  socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 200\r\n\r\n{");
  const [reply] = await once(socket, "data");
  t.match(String(reply), /^HTTP\/1.1 [45]/);
  await once(socket, "close");
});

test("a form may take longer", async (t) => {
  const { socket, form } = await send(t, "multipart/form-data");
  await form;
  await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS * 2)); // it is time that is tested
  t.equal(socket.destroyed, false);
  socket.write("}");
  const [reply] = await once(socket, "data");
  t.match(String(reply), /^HTTP\/1.1 200 OK/);
});

test("what has no body lives as long as it likes", async (t) => {
  const app = Fastify({ requestTimeout: 0 });
  t.teardown(() => app.close());
  limitBodyTime(app, TIMEOUT_MS);
  app.get("/", (_request, reply) => {
    reply.hijack();
    reply.raw.write("open");
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  t.teardown(() => socket.destroy());
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await once(socket, "data");
  await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS * 2)); // it is time that is tested
  t.equal(socket.destroyed, false);
  t.equal(socket.closed, false);
});
