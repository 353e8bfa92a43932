// Evaluations: an ensemble over a CSV that is sent along or lies in the data directory.
import { addAbortSignal, type Readable } from "node:stream";
import multipart, { type Multipart, type MultipartFile } from "@fastify/multipart";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Evaluation, StartEvaluation } from "../../generated/ts/tidewire/v1/evaluation.js";
import type { Grant } from "../access/grant.js";
import type { GrantWatch } from "../access/grant-watch.js";
import { TidewireError } from "../errors.js";
import { readMessage } from "../wire/json.js";
import { parseJson } from "./bodies.js";
import { ASKS_ITSELF, needs } from "./guard.js";
import { withMethodsRefused } from "./methods.js";
import { topicOf } from "./names.js";
import { send } from "./reply.js";
import { keepPace } from "./upload-pace.js";

const PATH = "/api/v1/evaluations";
const FAMILY = "evaluation";
/** Longest JSON body, and longest of all text fields beside a file: a path, a few names, a boost for each signal. */
const MAX_FIELDS_BYTES = 1024 * 1024;
/** Parts of a form; it has one file and a field for each choice. */
const MAX_FIELDS = 16;
/** Longest name of a file that is kept, in characters: 256 bytes at least hold so many. */
const MAX_FILE_NAME = 64;

/** Room for a file that is sent; disposed of in any case. */
export interface UploadRoom extends AsyncDisposable {
  /** @throws TidewireError FRAME_TOO_LARGE, INVALID_MESSAGE for a second file */
  write(file: Readable): Promise<void>;
}

/** Evaluations, whose uploads are of type `Room`. */
export interface EvaluationDirectory<Room extends UploadRoom> {
  readonly maxUploadBytes: number;
  /** @throws TidewireError OVERLOADED, SHUTTING_DOWN */
  receive(): Promise<Room>;
  /** @throws TidewireError whatever is wrong with the request or the file */
  start(request: StartEvaluation, upload?: Room, fileName?: string): Promise<Evaluation>;
  list(): Evaluation[];
  /** @throws TidewireError TASK_NOT_FOUND */
  describe(id: string): Evaluation;
  /** @throws TidewireError TASK_NOT_FOUND, INVALID_TRANSITION */
  result(id: string): { readonly fileName: string; readonly bytes: number; open(): Readable };
  /** @throws TidewireError TASK_NOT_FOUND */
  remove(id: string): Promise<void>;
}

/** What {@link registerEvaluations} takes. */
export interface EvaluationDependencies<Room extends UploadRoom> {
  readonly evaluations: EvaluationDirectory<Room>;
  /** An upload ends with the grant of whoever sends it. */
  readonly grants: GrantWatch;
}

const topicOfEvaluation = ({ id }: ById["params"]): string => topicOf(FAMILY, id);
const SEES = needs("subscribe", topicOfEvaluation);

type ById = FastifyRequest<{ Params: { id: string } }>;

/**
 * POST and GET `/api/v1/evaluations`, GET and DELETE `/{id}`, GET `/{id}/result`. In a scope of its own: forms are taken
 * nowhere else.
 */
export function registerEvaluations<Room extends UploadRoom>(
  app: FastifyInstance,
  dependencies: EvaluationDependencies<Room>,
): void {
  app.register(async (scope) => {
    await scope.register(multipart);
    withMethodsRefused(scope, () => addRoutes(scope, dependencies));
  });
}

function addRoutes<Room extends UploadRoom>(app: FastifyInstance, dependencies: EvaluationDependencies<Room>): void {
  const { evaluations } = dependencies;
  const bodyLimit = Math.min(app.initialConfig.bodyLimit ?? MAX_FIELDS_BYTES, MAX_FIELDS_BYTES);
  app.post(PATH, { ...needs("publish", () => `${FAMILY}.*`), bodyLimit }, async (request, reply) => {
    const evaluation = request.isMultipart()
      ? await startUploaded(dependencies, request, reply)
      : await evaluations.start(readStart(request.grant, request.body));
    return send(reply.code(202).header("location", `${PATH}/${evaluation.id}`), "Evaluation", evaluation);
  });
  app.get(PATH, ASKS_ITSELF, ({ grant }, reply) => {
    const visible = evaluations.list().filter(({ topic }) => grant.allows("subscribe", topic));
    return send(reply, "EvaluationList", { evaluations: visible });
  });
  app.get(`${PATH}/:id`, SEES, (request: ById, reply) =>
    send(reply, "Evaluation", evaluations.describe(request.params.id)),
  );
  app.delete(`${PATH}/:id`, needs("publish", topicOfEvaluation), async (request: ById, reply) => {
    await evaluations.remove(request.params.id);
    return reply.code(204).send();
  });
  // Without Fastify's own HEAD, which would read the whole file to say how long it is.
  app.get(`${PATH}/:id/result`, { ...SEES, exposeHeadRoute: false }, (request: ById, reply) => {
    const { fileName, bytes, open } = evaluations.result(request.params.id);
    return reply
      .type("text/csv; charset=utf-8")
      .header("content-length", bytes)
      .header("content-disposition", `attachment; filename="${fileName}"`)
      .send(open());
  });
}

/** What is to be evaluated, if the client may predict with it. @throws TidewireError INVALID_MESSAGE, PERMISSION_DENIED */
function readStart(grant: Grant, body: unknown): StartEvaluation {
  const wanted = readMessage("StartEvaluation", body);
  if (wanted.ensembleName) grant.require("predict", wanted.ensembleName);
  return wanted;
}

async function startUploaded<Room extends UploadRoom>(
  { evaluations, grants }: EvaluationDependencies<Room>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Evaluation> {
  const limit = evaluations.maxUploadBytes;
  // Before anything is read: most clients say how much they are going to send.
  if (Number(request.headers["content-length"]) > limit + MAX_FIELDS_BYTES) {
    reply.header("connection", "close");
    throw new TidewireError("FRAME_TOO_LARGE", `the body is larger than a file of ${limit} bytes`, { limit });
  }
  await using upload = await evaluations.receive();
  const { grant } = request;
  const ended = new AbortController();
  const unwatch = grants.watch(grant, (reason) => ended.abort(reason));
  const relax = keepPace(request.raw);
  try {
    // Its end may have passed unheard by now, and would not come again.
    if (request.raw.destroyed) throw new TidewireError("INVALID_MESSAGE", "the connection was closed");
    const { fields, fileName } = await readForm(request, upload, limit, ended.signal);
    const reason = grant.endedAt(Date.now());
    if (reason) throw reason;
    return await evaluations.start(readStart(grant, fields), upload, fileName);
  } catch (error) {
    // Whatever the client still sends is not read.
    if (!request.raw.readableEnded) reply.header("connection", "close");
    throw toRefusal(ended.signal.aborted ? ended.signal.reason : error);
  } finally {
    relax();
    unwatch();
  }
}

/** What a form holds besides its file. */
interface Form {
  readonly fields: Record<string, unknown>;
  readonly fileName: string | undefined;
}

/** Reads a form to its end, or until it is aborted; its file goes into the upload. */
async function readForm(
  request: FastifyRequest,
  upload: UploadRoom,
  maxFileBytes: number,
  ended: AbortSignal,
): Promise<Form> {
  const fields: Record<string, unknown> = {};
  let fileName: string | undefined;
  // One byte more than allowed is let through, so that the upload sees that there is more.
  const limits = { files: 2, fields: MAX_FIELDS, parts: MAX_FIELDS + 2, fieldSize: MAX_FIELDS_BYTES / MAX_FIELDS };
  const parts = request.parts({ limits: { ...limits, fileSize: maxFileBytes + 1 } });
  for await (const part of parts) {
    if (isFile(part)) {
      if (part.fieldname !== "file") throw wrongFile(part);
      readStart(request.grant, fields); // what is refused by then need not be sent
      await upload.write(addAbortSignal(ended, part.file));
      fileName = part.filename ? [...part.filename].slice(0, MAX_FILE_NAME).join("") : undefined;
    } else {
      fields[part.fieldname] = readField(part.fieldname, part.value);
    }
  }
  return { fields, fileName };
}

const isFile = (part: Multipart): part is MultipartFile => part.type === "file";

/** Fields that are written as in JSON; all others are texts as they are. */
const JSON_FIELDS = ["manual_boost_signals", "manualBoostSignals", "include_readings", "includeReadings"];

function readField(name: string, value: unknown): unknown {
  if (typeof value !== "string" || !JSON_FIELDS.includes(name)) return value;
  try {
    return parseJson(value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TidewireError("INVALID_JSON", `${name}: ${reason}`, { field: name }, { cause });
  }
}

function wrongFile({ fieldname }: MultipartFile): TidewireError {
  const message = `the file must be in the part "file", not in "${fieldname.slice(0, 64)}"`;
  return new TidewireError("INVALID_MESSAGE", message, { field: "file" });
}

/** A form that cannot be read is the client's fault; what the disk says is not. */
function toRefusal(thrown: unknown): unknown {
  if (thrown instanceof TidewireError || !(thrown instanceof Error) || "syscall" in thrown) return thrown;
  return new TidewireError("INVALID_MESSAGE", `the form cannot be read: ${thrown.message}`, undefined, {
    cause: thrown,
  });
}
