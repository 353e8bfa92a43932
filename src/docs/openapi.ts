// The OpenAPI document: routes as they were registered, messages as the schema declares them, examples as they happened.
import type { MessageName } from "../../generated/ts/schema.js";
import type { JsonObject } from "../wire/json.js";
import { planOf } from "../wire/plan.js";
import { partComment } from "./comments.js";
import { ERROR_SCHEMA, errorCodes, errorResponse, HTTP_ERROR } from "./error-responses.js";
import { SchemaBook } from "./json-schema.js";
import { type Operation, type Operations, type Reply, type RequestBody, TAGS } from "./operation.js";
import type { Recording } from "./recording.js";

/** A route as the server has it. */
export interface Route {
  readonly method: string;
  /** As OpenAPI writes it: names in braces. */
  readonly path: string;
  /** What a token must allow: a scope, or `""` where any valid token will do. Undefined: no token is needed. */
  readonly needs?: string | undefined;
  /** Whether it is answered however many requests there are, and however late the server is. */
  readonly isAlwaysAnswered?: boolean;
}

/** What a document is made of. */
export interface OpenApiSources {
  readonly version: string;
  readonly routes: readonly Route[];
  readonly operations: Operations;
  readonly recordings: readonly Recording[];
  /** Whether the server has no tokens: then none is needed anywhere. */
  readonly isOpen: boolean;
  /** Most entries of one body. */
  readonly maxEntries: number;
}

const SCHEMAS = "#/components/schemas/";
const JSON_TYPE = "application/json";
/** Types of replies that are objects without being messages. */
const DOCUMENTS: ReadonlySet<string> = new Set([JSON_TYPE, "application/yaml"]);
const LINES_TYPE = "application/x-ndjson";
const FORM_TYPE = "multipart/form-data";
/** Methods whose bodies are read, whether the operation wants one or not. */
const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

const INTRODUCTION = `Derived from the schema (\`proto/tidewire/v1\`, served at \`/api/v1/schema\`); a test holds it against the
server's routes, runs every example, and looks for replies that it does not have. The WebSocket protocol has
[a page](/docs/socket) and [a document](/docs/asyncapi.json) of its own.

- Every refused request is answered \`{"error_code","message","details"}\`: match on the code.
- Bodies are JSON in UTF-8. Fields may be absent or null; names may be lowerCamelCase; unknown fields are ignored; a wrong
  type is never coerced, but refused with INVALID_MESSAGE that begins with the field's path.
- 64-bit integers are JSON numbers below 2⁵³. Timestamps are RFC 3339; without an offset they are UTC.
- HEAD is taken wherever GET is, but for event streams and results. Another method at a known path is 405 with \`Allow\`.
- A list in a query may stand several times, or hold commas.
- \`X-Request-Id\` names a request in the log; every reply has it, one of the server's where the client gave none.`;

/** The document, as an object of JSON. @throws Error for a route without an operation, naming what to add */
export function openApiDocument(sources: OpenApiSources): JsonObject {
  const book = new SchemaBook(rootsOf(Object.values(sources.operations)), SCHEMAS);
  const paths: Record<string, JsonObject> = {};
  for (const route of sources.routes) {
    const item = paths[route.path] ?? {};
    paths[route.path] = item;
    item[route.method.toLowerCase()] = new OperationWriter(book, route, operationOf(route, sources), sources).write();
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Tidewire over HTTP",
      version: sources.version,
      description: INTRODUCTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "This server." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas: { ...book.components(), [ERROR_SCHEMA]: HTTP_ERROR },
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "A static token, or a JSON Web Token with scopes. Not needed by a server without tokens.",
        },
      },
    },
  };
}

function operationOf({ method, path }: Route, { operations }: OpenApiSources): Operation {
  const operation = operations[`${method} ${path}`];
  if (!operation) throw new Error(`${method} ${path} has no operation: add it to src/docs/operations`);
  return operation;
}

function rootsOf(operations: readonly Operation[]): { taken: Set<MessageName>; given: Set<MessageName> } {
  const given = operations.flatMap(({ replies }) => Object.values(replies).flatMap(({ messages = [] }) => messages));
  const taken = operations.flatMap(({ body }) => (body ? [body.message] : []));
  return { taken: new Set(taken), given: new Set(given) };
}

class OperationWriter {
  readonly #book: SchemaBook;
  readonly #route: Route;
  readonly #operation: Operation;
  readonly #recordings: readonly Recording[];
  readonly #maxEntries: number;
  readonly #isOpen: boolean;

  constructor(
    book: SchemaBook,
    route: Route,
    operation: Operation,
    { recordings, maxEntries, isOpen }: OpenApiSources,
  ) {
    this.#book = book;
    this.#route = route;
    this.#operation = operation;
    this.#recordings = recordings.filter(({ operation: id }) => id === operation.id);
    this.#maxEntries = maxEntries;
    this.#isOpen = isOpen;
  }

  write(): JsonObject {
    const { id, tag, summary, description, body } = this.#operation;
    const parameters = this.#parameters(this.#recordings.find(({ status }) => status < 400));
    return {
      operationId: id,
      tags: [tag],
      summary,
      ...(description !== undefined && { description }),
      ...(parameters.length > 0 && { parameters }),
      ...(body && { requestBody: this.#body(body) }),
      responses: this.#responses(),
      ...this.#security(),
    };
  }

  #parameters(example: Recording | undefined): JsonObject[] {
    const { path = {}, query, headers = {} } = this.#operation;
    const inPath = Object.entries(path).map(([name, { description, pattern }]): JsonObject => {
      const sample = example?.path?.[name];
      const schema = { type: "string", ...(pattern === undefined ? { minLength: 1 } : { pattern }) };
      return {
        name,
        in: "path",
        required: true,
        description,
        schema,
        ...(sample !== undefined && { example: sample }),
      };
    });
    const inQuery = (query ? planOf(query).plain : []).map((field): JsonObject => {
      const plan = planOf(query as MessageName);
      const description = partComment(plan.name, field.name);
      return { name: field.name, in: "query", description, schema: this.#book.parameter(plan, field) };
    });
    const inHead = Object.entries(headers).map(
      ([name, description]): JsonObject => ({ name, in: "header", description, schema: { type: "string" } }),
    );
    return [...inPath, ...inQuery, ...inHead];
  }

  #body({ message, as, isOptional }: RequestBody): JsonObject {
    const one = this.#book.ref(message, "taken");
    const schema = as === "entries" ? { anyOf: [one, { type: "array", items: one, maxItems: this.#maxEntries }] } : one;
    const content: JsonObject = { [JSON_TYPE]: { schema, ...bodyExamples(this.#recordings, JSON_TYPE) } };
    if (as === "entries")
      content[LINES_TYPE] = {
        schema: { type: "string", description: "One entry a line; blank lines are skipped." },
        ...bodyExamples(this.#recordings, LINES_TYPE),
      };
    if (as === "file") content[FORM_TYPE] = { schema: this.#form(message) };
    return { required: isOptional !== true, content };
  }

  #form(message: MessageName): JsonObject {
    const file = { type: "string", contentMediaType: "text/csv", description: "The file." };
    const fields = planOf(message).plain.map((field) => {
      const isText = field.kind === "string" && field.cardinality === "one";
      const description = partComment(message, field.name);
      return [
        field.name,
        isText ? { type: "string", description } : { ...this.#book.parameter(planOf(message), field), description },
      ];
    });
    return { type: "object", properties: { file, ...Object.fromEntries(fields) }, required: ["file"] };
  }

  #responses(): JsonObject {
    const replies = Object.entries(this.#operation.replies);
    const responses = new Map(replies.map(([status, reply]) => [Number(status), this.#reply(Number(status), reply)]));
    const { method, path, needs, isAlwaysAnswered } = this.#route;
    const circumstances = {
      takesBody: WITH_BODY.has(method),
      hasNames: path.includes("{"),
      isGuarded: needs !== undefined,
      isLimited: isAlwaysAnswered !== true,
    };
    for (const [status, codes] of errorCodes(this.#operation, circumstances))
      if (!responses.has(status)) responses.set(status, errorResponse(status, codes, this.#recordings));
    return Object.fromEntries([...responses].sort(([a], [b]) => a - b));
  }

  #reply(status: number, { description, messages, types = [], headers }: Reply): JsonObject {
    const shown = this.#recordings.filter((recording) => recording.status === status && recording.reply !== undefined);
    const examples = Object.fromEntries(shown.map(({ reply }, i) => [exampleName(i), { value: reply ?? null }]));
    const bodies = (messages ? [JSON_TYPE] : types).map((type): [string, JsonObject] => [
      type,
      { schema: this.#replySchema(type, messages ?? []), ...(shown.length > 0 && { examples }) },
    ]);
    return {
      description,
      ...(headers && {
        headers: Object.fromEntries(Object.entries(headers).map(([name, said]) => [name, header(said)])),
      }),
      ...(bodies.length > 0 && { content: Object.fromEntries(bodies) }),
    };
  }

  #replySchema(type: string, messages: readonly MessageName[]): JsonObject {
    const refs = messages.map((name) => this.#book.ref(name, "given"));
    if (refs.length > 1) return { anyOf: refs };
    return refs[0] ?? { type: DOCUMENTS.has(type) ? "object" : "string" };
  }

  #security(): JsonObject {
    const { needs } = this.#route;
    if (needs === undefined) return { security: [] };
    const bearer: JsonObject = { bearer: needs === "" ? [] : [needs] };
    return { security: this.#isOpen ? [{}, bearer] : [bearer] };
  }
}

function bodyExamples(recordings: readonly Recording[], type: string): JsonObject {
  const sent = recordings.filter(
    ({ status, body, type: its = JSON_TYPE }) => status < 400 && body !== undefined && its === type,
  );
  if (sent.length === 0) return {};
  return { examples: Object.fromEntries(sent.map(({ body }, i) => [exampleName(i), { value: body ?? null }])) };
}

function exampleName(i: number): string {
  return i === 0 ? "example" : `example_${i + 1}`;
}

function header(description: string): JsonObject {
  return { description, schema: { type: "string" } };
}
