// The OpenAPI document of a running server, as something replies are held against.
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import type { ValidateFunction } from "ajv";
import type { JsonObject, JsonValue } from "../../src/wire/json.js";
import { ajvOf } from "./ajv.js";

/** A request, whatever it is worth. */
export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer | undefined;
}

/** A reply; of a stream its beginning. */
export interface HttpReply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** One operation of the document. */
export interface DocumentedOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Schemas of bodies by media type. */
  readonly bodies: ReadonlyMap<string, JsonObject>;
  readonly isBodyRequired: boolean;
  /** What a token must allow, in any one of these ways; none where no token is needed. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly schema: JsonObject;
}

interface DocumentedResponse {
  readonly content?: Readonly<Record<string, { readonly schema: JsonObject }>>;
}

interface OpenApi extends JsonObject {
  paths: Record<string, Record<string, JsonObject>>;
}

const STREAM = "text/event-stream";
/** Messages after which enough of a stream is read. */
const STREAM_MESSAGES = 2;

/** Asks over connections that are kept; cut by {@link Symbol.dispose}. */
export class HttpClient implements Disposable {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  constructor(url: string) {
    this.#url = url;
  }

  ask({ method, path, headers = {}, body }: HttpRequest): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      // Node sends a GET's body without saying how long it is.
      const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
      const call = request(this.#url, { method, path, headers: { ...length, ...headers }, agent: this.#agent });
      call.once("error", reject).once("response", (response) => {
        read(response).then(resolve, reject);
      });
      call.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function read(response: IncomingMessage): Promise<HttpReply> {
  const type = String(response.headers["content-type"] ?? "");
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += chunk;
    if (type.startsWith(STREAM) && text.split("data: ").length > STREAM_MESSAGES) break;
  }
  return { status: response.statusCode ?? 0, type, text };
}

/** The document, and what it says of replies. */
export class Documented {
  readonly root: OpenApi;
  readonly operations: ReadonlyMap<string, DocumentedOperation>;
  readonly #ajv = ajvOf("given");
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(root: OpenApi) {
    this.root = root;
    const found = Object.entries(root.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => operationOf(method.toUpperCase(), path, operation)),
    );
    this.operations = new Map(found.map((operation) => [operation.id, operation]));
    this.#ajv.addSchema({ $id: "document", components: root.components ?? {} });
  }

  static async fetch(client: HttpClient): Promise<Documented> {
    const { text } = await client.ask({ method: "GET", path: "/docs/openapi.json" });
    return new Documented(JSON.parse(text));
  }

  operation(id: string): DocumentedOperation {
    const found = this.operations.get(id);
    if (!found) throw new Error(`the document has no operation ${id}`);
    return found;
  }

  /** What the document does not say about a reply; empty where it says all of it. */
  faults({ id, responses }: DocumentedOperation, { status, type, text }: HttpReply): string[] {
    const response = responses[status];
    if (!response) return [`${id}: status ${status} is not documented: ${text.slice(0, 300)}`];
    const [mediaType = ""] = type.split(";");
    if (!response.content) return text === "" ? [] : [`${id}: ${status} has a body: ${text.slice(0, 300)}`];
    const content = response.content[mediaType];
    if (!content) return [`${id}: ${status} of type "${type}" is not documented`];
    if (mediaType !== "application/json") return [];
    const fits = this.#validator(`${id} ${status}`, content.schema);
    if (fits(JSON.parse(text))) return [];
    return [`${id}: ${status} does not fit its schema: ${this.#ajv.errorsText(fits.errors)}: ${text.slice(0, 500)}`];
  }

  #validator(key: string, schema: JsonObject): ValidateFunction {
    let fits = this.#validators.get(key);
    if (!fits) {
      fits = this.#ajv.compile(absolute(schema) as JsonObject);
      this.#validators.set(key, fits);
    }
    return fits;
  }
}

/** A path with its names filled in and a query behind it. */
export function pathWith(
  path: string,
  names: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, string>> = {},
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ""));
  const search = new URLSearchParams(query).toString();
  return search === "" ? filled : `${filled}?${search}`;
}

function operationOf(method: string, path: string, operation: JsonObject): DocumentedOperation {
  const body = operation.requestBody as
    | { required?: boolean; content?: Record<string, { schema: JsonObject }> }
    | undefined;
  return {
    id: String(operation.operationId),
    method,
    path,
    parameters: (operation.parameters ?? []) as unknown as readonly Parameter[],
    bodies: new Map(Object.entries(body?.content ?? {}).map(([type, { schema }]) => [type, schema])),
    isBodyRequired: body?.required === true,
    security: (operation.security ?? []) as unknown as DocumentedOperation["security"],
    responses: (operation.responses ?? {}) as unknown as DocumentedOperation["responses"],
  };
}

/** The schema with references that lead out of it, into the document. */
function absolute(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map(absolute);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name,
      name === "$ref" && typeof value === "string" ? `document${value}` : absolute(value),
    ]),
  );
}
