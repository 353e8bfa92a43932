// Bytes of a body to what the routes read: JSON, or lines of JSON where a route takes many entries.
import { isUtf8 } from "node:buffer";
import { errorCodes, type FastifyInstance, type FastifyRequest } from "fastify";
import { TidewireError } from "../errors.js";
import { checkJsonSize } from "../wire/json-limits.js";
import { errorPosition } from "../wire/json-position.js";

/** What a route may say about its bodies, as its `config`. */
export interface BodyOptions {
  /** Whether no body at all is a body too. Default: false. */
  readonly bodyOptional?: boolean;
  /** Whether NDJSON is taken beside JSON. Default: false. */
  readonly takesLines?: boolean;
}

declare module "fastify" {
  interface FastifyContextConfig extends BodyOptions {}
}

/** Longest text whose fault is looked for: finding it costs more than parsing. */
const MAX_EXPLAINED = 256 * 1024;
const BYTE_ORDER_MARK = 0xfeff;

/** A body of one JSON value a line, not parsed yet. */
export class Lines {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Makes the app read JSON and NDJSON, and refuse every other type. Bodies beyond the app's limit never come here. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    done(null, jsonOf(request, body as Buffer));
  });
  app.addContentTypeParser(
    ["application/x-ndjson", "application/ndjson"],
    { parseAs: "buffer" },
    (request, body, done) => {
      done(null, linesOf(request, body as Buffer));
    },
  );
}

/** A JSON text's value. What objects inherit means nothing: `__proto__` is an ordinary own name in it. @throws TidewireError INVALID_JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (text.length > MAX_EXPLAINED) throw new TidewireError("INVALID_JSON", "no JSON", undefined, { cause });
    const position = errorPosition(text);
    const what = position < text.length ? `unexpected character at position ${position}` : "the text ends too early";
    throw new TidewireError("INVALID_JSON", `no JSON: ${what}`, { position }, { cause });
  }
}

function jsonOf(request: FastifyRequest, body: Buffer): unknown {
  if (body.length === 0 && request.routeOptions.config.bodyOptional) return undefined;
  const text = textOf(body);
  checkJsonSize(text);
  return parseJson(text);
}

function linesOf(request: FastifyRequest, body: Buffer): Lines {
  if (!request.routeOptions.config.takesLines) throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE();
  const text = textOf(body);
  // Bounds the lines together. A line that throws the count off is no JSON, and nothing after it is parsed.
  checkJsonSize(text);
  return new Lines(text);
}

/** @throws TidewireError INVALID_JSON */
function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw new TidewireError("INVALID_JSON", "no JSON: the body is no UTF-8");
  const text = body.toString();
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}
