// The AsyncAPI document of the WebSocket protocol, from the same table as the OpenAPI document.
import type { MessageName } from "../../generated/ts/schema.js";
import { ERRORS, type ErrorRow } from "../errors.js";
import type { JsonObject } from "../wire/json.js";
import { planOf } from "../wire/plan.js";
import { partComment } from "./comments.js";
import { type Direction, SchemaBook } from "./json-schema.js";
import { closeCodes } from "./socket-codes.js";
import { messagesOf, type SocketMessage } from "./socket-messages.js";

/** A path that speaks the protocol. */
export interface SocketPath {
  /** Names in braces. */
  readonly path: string;
  /** The topic or pattern that a connection is subscribed to from the start. */
  readonly topic?: string | undefined;
}

/** What the document of the socket is made of. */
export interface SocketSources {
  readonly version: string;
  readonly paths: readonly SocketPath[];
}

const SCHEMAS = "#/components/schemas/";
const SUBPROTOCOLS: JsonObject = {
  "tidewire.v1.json": "Text messages, one frame each: a JSON object.",
  "tidewire.v1.proto": "Binary messages, one frame each: a ClientFrame or ServerFrame of tidewire/v1/frame.proto.",
};
const INTRODUCTION = `Everything that a server says and hears over a WebSocket: one message is one frame. The payloads here are those of the
subprotocol \`tidewire.v1.json\`; \`tidewire.v1.proto\` has the same frames as Protobuf, and each example carries its
bytes as \`x-hex\`. A page of the same is at \`/docs/socket\`, the schema at \`/api/v1/schema\`.

Replies carry the \`id\` of their request; pushes have none. An \`error\` may be the reply to any request.`;

/** The document, as an object of JSON. */
export function asyncApiDocument({ version, paths }: SocketSources): JsonObject {
  const book = new SchemaBook({ taken: ["ClientFrame"], given: ["ServerFrame"] }, SCHEMAS);
  const requests = messagesOf("ClientFrame");
  const said = messagesOf("ServerFrame");
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Tidewire over WebSocket",
      version,
      description: INTRODUCTION,
      license: { name: "Apache-2.0" },
      externalDocs: { description: "The HTTP interface", url: "/docs/openapi.json" },
    },
    defaultContentType: "application/json",
    servers: {
      here: {
        host: "{host}",
        protocol: "ws",
        description: "This server; `wss` where it has a certificate.",
        variables: { host: { default: "127.0.0.1:8000", description: "Its address and port." } },
      },
    },
    channels: Object.fromEntries(paths.map((path) => [channelName(path), channel(path, [...requests, ...said])])),
    operations: operations(paths, requests, said),
    components: {
      messages: Object.fromEntries([...requests, ...said].map((each) => [each.type, message(each, book)])),
      schemas: book.components(),
    },
    "x-subprotocols": SUBPROTOCOLS,
    "x-close-codes": closeCodes().map((code) => ({ ...code, errors: [...code.errors] })),
    "x-error-codes": errorCodes(),
  };
}

/** The path's own words, with dashes between them. */
function channelName({ path }: SocketPath): string {
  return path.replaceAll(/[{}]/g, "").split("/").filter(Boolean).join("-");
}

function channel({ path, topic }: SocketPath, messages: readonly SocketMessage[]): JsonObject {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const subscribed =
    topic === undefined
      ? ""
      : ` A connection is subscribed to \`${topic}\` from the start, and greeted by \`connected\`.`;
  const query = {
    type: "object",
    properties: { client_id: { type: "string", maxLength: 128, description: "Told back by `connected`." } },
  };
  return {
    address: path,
    description: `Speaks the whole protocol.${subscribed}`,
    messages: Object.fromEntries(messages.map(({ type }) => [type, { $ref: `#/components/messages/${type}` }])),
    ...(names.length > 0 && {
      parameters: Object.fromEntries(
        names.map((name) => [name, { description: "Name of a training run that is there." }]),
      ),
    }),
    bindings: {
      ws: { method: "GET", ...(topic !== undefined && { query }), headers: HANDSHAKE, bindingVersion: "0.1.0" },
    },
  };
}

const HANDSHAKE: JsonObject = {
  type: "object",
  properties: {
    "Sec-WebSocket-Protocol": {
      type: "string",
      enum: Object.keys(SUBPROTOCOLS),
      description: "The encoding. Without one the kind of the first message decides.",
    },
  },
};

/** What the server receives and sends, on the first path; all paths take and give the same. */
function operations(
  paths: readonly SocketPath[],
  requests: readonly SocketMessage[],
  said: readonly SocketMessage[],
): JsonObject {
  const [first] = paths;
  if (!first) return {};
  const name = channelName(first);
  const refer = (type: string): JsonObject => ({ $ref: `#/channels/${name}/messages/${type}` });
  const target: JsonObject = { $ref: `#/channels/${name}` };
  const received = requests.map(({ type, summary, answeredBy }): [string, JsonObject] => [
    type,
    {
      action: "receive",
      channel: target,
      summary,
      messages: [refer(type)],
      reply: { channel: target, messages: [...answeredBy, "error"].map(refer) },
    },
  ]);
  const replies = new Set([...requests.flatMap(({ answeredBy }) => answeredBy), "error"]);
  const pushes = said.filter(({ type }) => !replies.has(type)).map(({ type }) => refer(type));
  const push = {
    action: "send",
    channel: target,
    summary: "What is pushed to a connection, without an id.",
    messages: pushes,
  };
  return { ...Object.fromEntries(received), push };
}

function message(
  { frame, type, summary, description, examples, kindNumber, number }: SocketMessage,
  book: SchemaBook,
): JsonObject {
  const direction: Direction = frame === "ClientFrame" ? "taken" : "given";
  return {
    name: type,
    title: type,
    summary,
    description,
    contentType: "application/json",
    payload: book.caseOf(planOf(frame as MessageName), type, direction),
    correlationId: { location: "$message.payload#/id", description: "The request's id, echoed by its reply." },
    examples: examples.map(({ name, json }) => ({ name, payload: json })),
    "x-hex": Object.fromEntries(examples.map(({ name, hex }) => [name, hex])),
    "x-protobuf": { message: frame, field: number, ...(kindNumber !== undefined && { kind: kindNumber }) },
  };
}

function errorCodes(): JsonObject {
  const rows: [string, ErrorRow][] = Object.entries(ERRORS);
  const shown = rows.map(([code, { wireNumber, closeCode, retryable }]) => {
    const meaning = partComment("ErrorCode", code);
    return [
      code,
      { number: wireNumber, meaning, retryable, ...(closeCode !== undefined && { close_code: closeCode }) },
    ];
  });
  return Object.fromEntries(shown);
}
