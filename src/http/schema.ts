// The schema itself, so that a client can be generated from a running server.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { TidewireError } from "../errors.js";
import type { HttpDependencies } from "./dependencies.js";
import { PUBLIC } from "./guard.js";

const PACKAGE = "tidewire.v1";
const FOLDER = "tidewire/v1";

/** The sources by the name other sources import them by, such as `tidewire/v1/frame.proto`. */
type Sources = ReadonlyMap<string, string>;

/** GET `/api/v1/schema`: all sources; GET `/api/v1/schema/tidewire/v1/frame.proto`: one as text. */
export function registerSchema(app: FastifyInstance, { protoFolder }: Pick<HttpDependencies, "protoFolder">): void {
  let reading: Promise<Sources> | undefined;
  // Read at the first request: start-up has no use for it. A client's name is looked up, never opened.
  const sources = () => {
    reading ??= readSources(protoFolder);
    return reading;
  };
  app.get("/api/v1/schema", PUBLIC, async () => ({
    package: PACKAGE,
    files: Array.from(await sources(), ([name, text]) => ({ name, text })),
  }));
  app.get<{ Params: { "*": string } }>("/api/v1/schema/*", PUBLIC, async (request, reply) => {
    const text = (await sources()).get(request.params["*"]);
    if (text !== undefined) return reply.type("text/plain; charset=utf-8").send(text);
    throw new TidewireError("NOT_FOUND", "no such schema file; GET /api/v1/schema lists them");
  });
}

async function readSources(protoFolder: string): Promise<Sources> {
  const names = (await readdir(join(protoFolder, FOLDER))).filter((name) => name.endsWith(".proto")).sort();
  const read = async (name: string) =>
    [`${FOLDER}/${name}`, await readFile(join(protoFolder, FOLDER, name), "utf8")] as const;
  return new Map(await Promise.all(names.map(read)));
}
