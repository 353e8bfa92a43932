// The part that fuzzes HTTP: whole requests are answered once each, broken ones are refused, nobody reads or writes outside.
import { readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { ERRORS } from "../../../src/errors.js";
import { type Context, Findbook, type Findings, lengthMs, type Part } from "../lib/part.js";
import type { Random } from "../lib/random.js";
import { ServerUnderTest } from "../lib/server.js";
import { type Answer, AnswerReader } from "./answers.js";
import { type FuzzedRequest, fuzzedRequest } from "./requests.js";

const USUAL = { seconds: 20, longSeconds: 1200 };
const AT_ONCE = 8;
/** Requests of a connection, all in one write: pipelined. */
const PIPELINED = 12;
/** A whole request is answered long before. */
const SILENCE_MS = 20_000;
const CANARY = "the canary outside of the data folder";
const FLAGS = [
  "--log-level",
  "warn",
  "--max-loop-delay-ms",
  "0",
  "--max-requests-per-second",
  "0",
  "--max-topics",
  "200",
  "--kept-evaluations",
  "5",
];
/** Statuses that say that the server failed, not the client. */
const FAILED = [500, 501, 502];

export const http: Part = {
  name: "http",
  description:
    "HTTP requests of every bad kind: each whole one is answered once, and no path leads out of the data folder",
  run: (context) => runHttp(context, Number.POSITIVE_INFINITY),
};

/** Fuzzes a server of its own with so many requests at most, for as long as the context says. */
export async function runHttp(context: Context, requests: number): Promise<Findings> {
  const findbook = new Findbook();
  await using server = await ServerUnderTest.start({ models: ["ensemble_narrow"], flags: FLAGS });
  const parent = dirname(server.dataDir);
  writeFileSync(join(parent, "canary.txt"), CANARY);
  const outside = readdirSync(parent).sort().join();
  const statuses = new Map<number, number>();
  const startedMs = Date.now();
  const limitMs = lengthMs(context, USUAL);
  let sent = 0;
  let connections = 0;
  const line = async (): Promise<void> => {
    while (
      sent < requests &&
      Date.now() - startedMs < limitMs &&
      !context.signal.aborted &&
      findbook.isEmpty &&
      server.isRunning
    ) {
      sent += PIPELINED;
      await converse(server.port, context.random.fork(`connection ${connections++}`), findbook, statuses);
      context.progress((Date.now() - startedMs) / limitMs, `${sent.toLocaleString("en")} requests`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  const left = readdirSync(parent).sort().join();
  findbook.expect(left === outside, "nothing is written outside of the data folder", () => left);
  for (const what of server.faults) findbook.found("the server stays up and logs no error", what);
  const told = [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${status}: ${count.toLocaleString("en")}`);
  const figures = {
    requests_answered: [...statuses.values()].reduce((sum, count) => sum + count, 0),
    connections,
    statuses: told.join(", "),
  };
  return { findings: findbook.findings, figures };
}

/**
 * One connection: whole requests in one write, or a broken one alone: Node answers that at once, before what is still
 * being answered, and ends the connection.
 */
async function converse(
  port: number,
  random: Random,
  findbook: Findbook,
  statuses: Map<number, number>,
): Promise<void> {
  const all = Array.from({ length: PIPELINED }, () => fuzzedRequest(random));
  const requests = all[0]?.isWhole ? all.filter(({ isWhole }) => isWhole) : all.slice(0, 1);
  const { answers, isSilent } = await exchange(port, requests);
  for (const [i, answer] of answers.entries()) {
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    const request = requests[i];
    if (request) judge(answer, request, findbook);
    // What is broken behind its head may be answered by its route, and once more by Node, which then closes.
    else if (requests[0]?.isWhole)
      findbook.found("no request is answered twice", `${answer.head} after ${shown(requests.at(-1))}`);
  }
  const told = answers.some(({ head }) => /^connection: *close/im.test(head));
  const wanted = requests.filter(({ isWhole }) => isWhole).length;
  const missing = requests[answers.length];
  findbook.expect(
    told || answers.length >= wanted,
    "every whole request is answered",
    () => `${answers.length} of ${wanted}; ${shown(missing)}`,
  );
  findbook.expect(!isSilent, "nothing is left hanging", () => shown(missing));
}

function judge({ status, head, body }: Answer, request: FuzzedRequest, findbook: Findbook): void {
  findbook.expect(
    !FAILED.includes(status),
    "no request is answered with a fault of the server's",
    () => `${status} ${body.slice(0, 300)} to ${shown(request)}`,
  );
  findbook.expect(!body.includes(CANARY), "nothing is read from outside of the data folder", () => shown(request));
  if (status < 400 || request.isHead) return;
  const code = codeOf(body);
  findbook.expect(
    code !== undefined && Object.hasOwn(ERRORS, code),
    "every refusal is an error of the catalogue",
    () => `${head.split("\r\n", 1)} ${body.slice(0, 300)} to ${shown(request)}`,
  );
}

function codeOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { error_code?: string }).error_code;
  } catch {
    return undefined; // told by whoever asks
  }
}

function shown(request: FuzzedRequest | undefined): string {
  return request ? JSON.stringify(request.bytes.toString("latin1").slice(0, 400)) : "nothing";
}

/** Writes the requests and collects answers until all have come, or the connection is closed. */
function exchange(port: number, requests: readonly FuzzedRequest[]): Promise<{ answers: Answer[]; isSilent: boolean }> {
  return new Promise((resolve) => {
    const answers: Answer[] = [];
    const reader = new AnswerReader();
    const socket = connect({ host: "127.0.0.1", port });
    const finish = (isSilent: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answers, isSilent });
    };
    const timer = setTimeout(() => finish(true), SILENCE_MS);
    socket.on("data", (read: Buffer) => {
      reader.take(read);
      for (let answer = reader.next(isHead()); answer; answer = reader.next(isHead())) answers.push(answer);
      if (answers.length >= requests.length) finish(false);
    });
    const isHead = (): boolean => requests[answers.length]?.isHead ?? false;
    socket.on("error", () => {}); // `close` tells it
    socket.on("close", () => finish(false));
    socket.write(Buffer.concat(requests.map(({ bytes }) => bytes)));
    if (requests.some(({ isWhole }) => !isWhole)) socket.end(); // what is broken may wait for more
  });
}
