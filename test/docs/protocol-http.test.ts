// The HTTP exchanges of docs/protocol.md are run against a real server, in their order.
//
//   > POST /path {"a":1}            a request; a body may go on over indented lines,
//   > POST /path as some/type       or be of another type, whose lines stay lines
//   < 200 {"b":…}                   the reply: status and body, as exchanges.ts reads patterns
//   < 200                           or a stream: the first lines of it, ids left out
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { type Test, test } from "tap";
import { serve } from "../integration/support/serve.js";
import { differences, parsePattern } from "./exchanges.js";

interface HttpExchange {
  readonly line: number;
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly body: string | undefined;
  readonly status: number;
  /** Lines of the reply. */
  readonly reply: readonly string[];
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

const document = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");

test("every HTTP exchange happens as shown", async (t) => {
  const { url } = await serve(t, { models: [] });
  const exchanges = exchangesOf(document.split("\n"));
  for (const exchange of exchanges) {
    const isStream = exchange.path.includes("/events/stream");
    const reply = isStream ? await stream(t, url, exchange) : await ask(url, exchange);
    t.equal(reply.status, exchange.status, `line ${exchange.line}: status, ${reply.text}`);
    const faults = isStream ? streamFaults(exchange, reply) : bodyFaults(exchange.reply.join(" "), reply.text);
    t.same(faults, [], `line ${exchange.line}`);
  }
  t.ok(exchanges.length >= 20);
});

async function ask(url: string, { method, path, type, body }: HttpExchange): Promise<Reply> {
  const init = body === undefined ? {} : { body, headers: { "content-type": type } };
  const reply = await fetch(url + path, { method, ...init });
  return { status: reply.status, text: await reply.text() };
}

/** Reads as many lines that are no id as are shown. */
async function stream(t: Test, url: string, { path, reply }: HttpExchange): Promise<Reply> {
  const call = request(url + path).end();
  t.teardown(() => call.destroy());
  return new Promise((resolve, reject) => {
    call.once("error", reject).once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.endsWith("\n\n") && linesOf(text).length >= reply.length)
          resolve({ status: response.statusCode ?? 0, text });
      });
    });
  });
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("id: "));
}

function streamFaults({ reply }: HttpExchange, { text }: Reply): string[] {
  const lines = linesOf(text);
  return reply.flatMap((shown, i) => {
    const line = lines[i] ?? "";
    if (!shown.startsWith("data: ")) return shown === line ? [] : [`shown ${shown}, came ${line}`];
    return bodyFaults(shown.slice("data: ".length), line.slice("data: ".length));
  });
}

function bodyFaults(shown: string, text: string): string[] {
  return differences(parsePattern(shown), JSON.parse(text));
}

function exchangesOf(lines: readonly string[]): HttpExchange[] {
  const parts = partsOf(lines);
  return parts.flatMap((part, i) => (part.mark === ">" ? [exchangeOf(part, parts[i + 1])] : []));
}

/** A line with a mark, and the indented lines after it. */
interface Part {
  readonly mark: string;
  readonly line: number;
  readonly text: string;
  readonly more: readonly string[];
}

function partsOf(lines: readonly string[]): Part[] {
  const parts: (Part & { more: string[] })[] = [];
  let isInside = false;
  lines.forEach((line, i) => {
    if (line.startsWith("```")) isInside = !isInside;
    else if (isInside && /^[<>] /.test(line))
      parts.push({ mark: line[0] ?? "", line: i + 1, text: line.slice(2), more: [] });
    else if (isInside && line.startsWith("   ") && parts.length > 0) parts.at(-1)?.more.push(line.trim());
  });
  return parts;
}

function exchangeOf({ line, text, more }: Part, answer: Part | undefined): HttpExchange {
  if (answer?.mark !== "<") throw new Error(`line ${line}: > must be followed by <`);
  const [, method = "", path = "", , type, inline = ""] = /^(\S+) (\S+)( as (\S+))?\s*(.*)$/.exec(text) ?? [];
  const body = [...(inline === "" ? [] : [inline]), ...more].join("\n");
  const [, status, reply = ""] = /^(\d+)\s*(.*)$/.exec(answer.text) ?? [];
  return {
    line,
    method,
    path,
    type: type ?? "application/json",
    body: body === "" ? undefined : body,
    status: Number(status),
    reply: [...(reply === "" ? [] : [reply]), ...answer.more],
  };
}
