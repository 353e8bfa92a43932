// Requests made from the OpenAPI document: right, nearly right, and wrong in every part. Whatever they are, each reply must
// be one that the document has.
import type { ValidateFunction } from "ajv";
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/wire/json.js";
import { ajvOf } from "./ajv.js";
import {
  Documented,
  type DocumentedOperation,
  HttpClient,
  type HttpReply,
  type HttpRequest,
  type Parameter,
} from "./documented.js";
import { fitting, nearlyFitting, resolve } from "./schema-values.js";

/** How much is to be tried. */
export interface FuzzOptions {
  readonly url: string;
  /** Decides every request. */
  readonly seed: number;
  readonly cases: number;
  readonly signal?: AbortSignal;
  readonly progress?: (share: number) => void;
}

/** What came of it. */
export interface FuzzOutcome {
  readonly cases: number;
  readonly byStatus: Readonly<Record<number, number>>;
  /** Operations that were done at least once. */
  readonly succeeded: ReadonlySet<string>;
  readonly operations: number;
  /** What the document does not say, at most {@link MAX_FAULTS}. */
  readonly faults: readonly string[];
}

interface FuzzCase {
  readonly operation: DocumentedOperation;
  readonly request: HttpRequest;
  /** The body as a value, where it is JSON of the type that the operation takes. */
  readonly json?: JsonValue;
}

const MAX_FAULTS = 20;
const AT_ONCE = 4;
/** Requests that are made before any of them is sent: memory, not time, bounds them. */
const CHUNK = 500;
const JSON_TYPE = "application/json";
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** Names that are met again, so that things exist: runs, topics of two families, an ensemble, a schema file. */
const NAMES = ["a", "b", "run_1", "training.a", "task.a.b", "gas_turbine", "tidewire/v1/frame.proto"];
/** What names in bodies become in most requests, so that they are about something. */
const AIMS: Readonly<Record<string, readonly string[]>> = {
  experiment_id: ["a", "b", "run_1", "run_2"],
  topic: [
    "training.a",
    "training.b",
    "task.a.b",
    "task.a.a",
    "workflow.a.b",
    "container.a.b",
    "evaluation.a",
    "system.a",
  ],
  ensemble_name: ["gas_turbine"],
};
const ODD_NAMES = [
  "",
  ".",
  "..",
  "a.b",
  "a b",
  "ü",
  "%",
  "a/b",
  "__proto__",
  "x".repeat(200),
  "x".repeat(1100),
  "\u0000",
];
const ODD_HEADERS: Readonly<Record<string, readonly string[]>> = {
  accept: ["*/*", "text/html", "application/xml", "application/json;q=0", ";;;"],
  "accept-encoding": ["gzip", "br, gzip;q=0", "nothing"],
  authorization: ["Bearer x", "Basic eDp4", "Bearer"],
  "content-encoding": ["gzip", "identity"],
  "last-event-id": ["1-1", "-", "task.a.b:1-1", "x".repeat(9000), "training.a:9007199254740993-1"],
  "x-request-id": ["req-1", "not an id", "x".repeat(300)],
  origin: ["http://evil.example", "null"],
  range: ["bytes=0-1", "bytes=9-"],
  "if-none-match": ["*", '"x"'],
  cookie: ["a=b"],
};
const ODD_TYPES = [
  JSON_TYPE,
  "application/json; charset=latin1",
  "application/x-ndjson",
  "text/plain",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "application/jsonx",
  "x",
  "",
];
const ODD_TEXTS = [
  "",
  "{",
  "null",
  "[]",
  "[[]]",
  "\ufeff{}",
  '{"a":1,}',
  "\u0000",
  '{"__proto__":1}',
  '{"a":"\\ud800"}',
  "1e400",
  "--x\r\n\r\n--x--",
  "{}\n{}",
  "\n\n",
];

/** Fuzzes a server through its own document. */
export async function fuzzHttp({ url, seed, cases, signal, progress }: FuzzOptions): Promise<FuzzOutcome> {
  using client = new HttpClient(url);
  const documented = await Documented.fetch(client);
  const run = new FuzzRun(client, documented);
  const requests = requestsOf(documented);
  for (let done = 0; done < cases && !signal?.aborted && run.faults.length < MAX_FAULTS; done += CHUNK) {
    const chunk = fc.sample(requests, { numRuns: Math.min(CHUNK, cases - done), seed: seed + done });
    await run.all(chunk);
    progress?.(Math.min(1, (done + CHUNK) / cases));
  }
  return run.outcome();
}

class FuzzRun {
  readonly faults: string[] = [];
  readonly #client: HttpClient;
  readonly #documented: Documented;
  readonly #ajv = ajvOf("taken");
  readonly #takers = new Map<string, ValidateFunction>();
  readonly #byStatus = new Map<number, number>();
  readonly #succeeded = new Set<string>();
  #cases = 0;

  constructor(client: HttpClient, documented: Documented) {
    this.#client = client;
    this.#documented = documented;
  }

  async all(cases: readonly FuzzCase[]): Promise<void> {
    const left = [...cases].reverse();
    const work = async (): Promise<void> => {
      for (let one = left.pop(); one; one = left.pop()) await this.#one(one);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  outcome(): FuzzOutcome {
    return {
      cases: this.#cases,
      byStatus: Object.fromEntries([...this.#byStatus].sort(([a], [b]) => a - b)),
      succeeded: this.#succeeded,
      operations: this.#documented.operations.size,
      faults: this.faults,
    };
  }

  async #one(one: FuzzCase): Promise<void> {
    const { operation, request } = one;
    const reply = await this.#client.ask(request);
    this.#cases += 1;
    this.#byStatus.set(reply.status, (this.#byStatus.get(reply.status) ?? 0) + 1);
    if (reply.status < 300 && request.method === operation.method) this.#succeeded.add(operation.id);
    const faults = [...this.#undocumented(one, reply), ...this.#accepted(one, reply)];
    if (reply.status === 500) faults.push(`${operation.id}: 500: ${reply.text}`);
    this.faults.push(
      ...faults.map((fault) => `${fault}\n  ${show(request)}`).slice(0, MAX_FAULTS - this.faults.length),
    );
  }

  #undocumented({ operation, request }: FuzzCase, reply: HttpReply): string[] {
    if (request.method === operation.method) return this.#documented.faults(operation, reply);
    const other = [...this.#documented.operations.values()].find(
      ({ method, path }) => method === request.method && path === operation.path,
    );
    if (other) return this.#documented.faults(other, reply);
    if (request.method === "HEAD") return reply.text === "" ? [] : ["a HEAD has a body"];
    const isRefused = [400, 404, 405].includes(reply.status) && "error_code" in JSON.parse(reply.text);
    return isRefused ? [] : [`${request.method} of ${operation.path}: ${reply.status} ${reply.text.slice(0, 200)}`];
  }

  /** What the schema of a body refuses, the server refuses. */
  #accepted({ operation, request, json }: FuzzCase, reply: HttpReply): string[] {
    const schema = operation.bodies.get(JSON_TYPE);
    if (json === undefined || !schema || reply.status >= 300 || request.method !== operation.method) return [];
    const fits = this.#takerOf(operation.id, schema);
    return fits(json)
      ? []
      : [`${operation.id}: took a body that its schema refuses: ${this.#ajv.errorsText(fits.errors)}`];
  }

  #takerOf(id: string, schema: JsonObject): ValidateFunction {
    let fits = this.#takers.get(id);
    if (!fits) {
      if (this.#takers.size === 0)
        this.#ajv.addSchema({ $id: "document", components: this.#documented.root.components ?? {} });
      fits = this.#ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')));
      this.#takers.set(id, fits);
    }
    return fits;
  }
}

function requestsOf({ root, operations }: Documented): fc.Arbitrary<FuzzCase> {
  return fc.oneof(...[...operations.values()].map((operation) => requestOf(operation, root)));
}

function requestOf(operation: DocumentedOperation, root: JsonObject): fc.Arbitrary<FuzzCase> {
  const method = fc.oneof(
    { weight: 15, arbitrary: fc.constant(operation.method) },
    { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
  );
  return fc
    .record({
      method,
      path: pathOf(operation),
      query: queryOf(operation, root),
      headers: headers(),
      body: bodyOf(operation, root),
    })
    .map(({ method, path, query, headers, body }) => ({
      operation,
      request: {
        method,
        path: query === "" ? path : `${path}?${query}`,
        headers: { ...headers, ...(body.type !== undefined && { "content-type": body.type }) },
        body: body.text,
      },
      ...(body.json !== undefined && { json: body.json }),
    }));
}

function pathOf({ path, parameters }: DocumentedOperation): fc.Arbitrary<string> {
  const names = parameters.filter((each) => each.in === "path").map(({ name }) => name);
  const value = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...NAMES) },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_NAMES) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
  );
  return (
    fc
      .tuple(...names.map(() => value))
      .map((values) =>
        names.reduce((filled, name, i) => filled.replace(`{${name}}`, encodeURIComponent(values[i] ?? "")), path),
      )
      // Two words of the paths themselves: another operation's.
      .filter((filled) => !/\/sessions?$/.test(filled) || path.endsWith(filled.slice(-9)))
  );
}

function queryOf({ parameters }: DocumentedOperation, root: JsonObject): fc.Arbitrary<string> {
  const asked = parameters.filter((each) => each.in === "query");
  const odd = fc.constantFrom(
    "",
    "x",
    "-1",
    "0",
    "1.5",
    "NaN",
    "true",
    "9".repeat(30),
    "a,b,,c",
    "training.>",
    "a..b",
    "ü",
  );
  const pairs = asked.map((parameter) => {
    const right = fitting(parameter.schema, root).map((value) => textsOf(parameter, value, root));
    const value = fc.oneof({ weight: 3, arbitrary: right }, { weight: 1, arbitrary: odd.map((text) => [text]) });
    return fc.option(value, { freq: 2, nil: [] }).map((texts) => texts.map((text) => [parameter.name, text]));
  });
  const stray = fc.constantFrom(
    [],
    [],
    [],
    [["stray", "1"]],
    [
      ["limit", "1"],
      ["limit", "2"],
    ],
  );
  return fc.tuple(...pairs, stray).map((found) => new URLSearchParams(found.flat() as [string, string][]).toString());
}

function textsOf({ schema }: Parameter, value: JsonValue, root: JsonObject): string[] {
  return resolve(schema, root).type === "array" ? (value as JsonValue[]).map(String) : [String(value)];
}

function headers(): fc.Arbitrary<Record<string, string>> {
  const chosen = Object.entries(ODD_HEADERS).map(([name, values]) => [name, fc.constantFrom(...values)] as const);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc.record(Object.fromEntries(chosen), { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<
        Record<string, string>
      >,
    },
  );
}

interface FuzzBody {
  readonly type?: string;
  readonly text?: string;
  readonly json?: JsonValue;
}

function bodyOf({ bodies, isBodyRequired }: DocumentedOperation, root: JsonObject): fc.Arbitrary<FuzzBody> {
  const none: fc.Arbitrary<FuzzBody> = fc.constant({});
  const odd = fc.record({
    type: fc.constantFrom(...ODD_TYPES),
    text: fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ maxLength: 30 })),
  });
  const schema = bodies.get(JSON_TYPE);
  if (!schema) return fc.oneof({ weight: 12, arbitrary: none }, { weight: 1, arbitrary: odd });
  const asJson = (json: JsonValue): FuzzBody => ({ type: JSON_TYPE, text: JSON.stringify(json), json });
  const lines = (json: JsonValue): FuzzBody => ({
    type: "application/x-ndjson",
    text: [json]
      .flat()
      .map((each) => JSON.stringify(each))
      .join("\n"),
  });
  return fc.oneof(
    { weight: 8, arbitrary: aimed(fitting(schema, root)).map(asJson) },
    { weight: 8, arbitrary: aimed(nearlyFitting(schema, root)).map(asJson) },
    { weight: 2, arbitrary: aimed(nearlyFitting(schema, root)).map(lines) },
    { weight: 2, arbitrary: odd },
    { weight: isBodyRequired ? 1 : 6, arbitrary: none },
  );
}

function aimed(values: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  return fc.tuple(values, fc.nat({ max: 1000 })).map(([json, choice]) => {
    for (const entry of [json].flat()) {
      if (choice % 5 === 0 || typeof entry !== "object" || entry === null) continue;
      for (const [name, aims] of Object.entries(AIMS))
        if (Object.hasOwn(entry, name)) Reflect.set(entry, name, aims[choice % aims.length]);
    }
    return json;
  });
}

function show({ method, path, headers, body }: HttpRequest): string {
  return `${method} ${path.slice(0, 300)} ${JSON.stringify(headers)} ${String(body ?? "").slice(0, 500)}`;
}
