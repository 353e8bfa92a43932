// The documents of the two interfaces, for people and for tools. Everything here is made when it is first asked for.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { SocketPath } from "../docs/asyncapi.js";
import type { Documents } from "../docs/documents.js";
import type { Route } from "../docs/openapi.js";
import type { Page } from "../docs/pages.js";
import { MAX_ENTRIES } from "./entries.js";
import { PUBLIC } from "./guard.js";
import { withMethodsRefused } from "./methods.js";

const JSON_TYPE = "application/json; charset=utf-8";
/** Swagger UI's files that the page loads, with their types. */
const ASSETS: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
};
/** They change with the package only: an hour is short enough after an update, and long enough for a reader. */
const CACHE_ASSETS = "public, max-age=3600";

/** What {@link registerDocs} takes. */
export interface DocsDependencies {
  readonly version: string;
  /** The app's routes; read when the first document is asked for. */
  readonly routes: readonly Route[];
  readonly sockets: readonly SocketPath[];
  /** Whether there are no tokens: then everybody may do everything. */
  readonly isOpen: boolean;
}

/** GET `/docs`, `/docs/socket`, `/docs/openapi.json`, `/docs/openapi.yaml`, `/docs/asyncapi.json`, and the pages' files. */
export function registerDocs(app: FastifyInstance, dependencies: DocsDependencies): void {
  let loading: Promise<Documents> | undefined;
  const documents = (): Promise<Documents> => {
    loading ??= load(dependencies);
    return loading;
  };
  const assets = new SwaggerFiles();
  withMethodsRefused(app, () => {
    app.get("/docs", PUBLIC, async (_, reply) => sendPage(reply, (await documents()).httpPage()));
    app.get("/docs/socket", PUBLIC, async (_, reply) => sendPage(reply, (await documents()).socketPage()));
    app.get("/docs/openapi.json", PUBLIC, async (_, reply) =>
      reply.type(JSON_TYPE).send((await documents()).openapi()),
    );
    app.get("/docs/openapi.yaml", PUBLIC, async (_, reply) =>
      reply.type("application/yaml; charset=utf-8").send((await documents()).openapiYaml()),
    );
    app.get("/docs/asyncapi.json", PUBLIC, async (_, reply) =>
      reply.type(JSON_TYPE).send((await documents()).asyncapi()),
    );
    for (const [name, type] of Object.entries(ASSETS))
      app.get(`/docs/assets/${name}`, { config: { ...PUBLIC.config, isUndescribed: true } }, async (request, reply) =>
        assets.send(name, type, request, reply),
      );
  });
}

async function load({ version, routes, sockets, isOpen }: DocsDependencies): Promise<Documents> {
  const { documentsOf } = await import("../docs/documents.js");
  return documentsOf({ version, routes, paths: sockets, isOpen, maxEntries: MAX_ENTRIES });
}

function sendPage(reply: FastifyReply, { html, contentSecurityPolicy }: Page): FastifyReply {
  const protections = {
    "content-security-policy": contentSecurityPolicy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
  return reply.headers(protections).type("text/html; charset=utf-8").send(html);
}

/** The files of Swagger UI, read and compressed once each: they are 1.7 MB, and 0.5 compressed. */
class SwaggerFiles {
  readonly #compressed = new Map<string, Promise<Buffer>>();

  async send(name: string, type: string, { headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    reply.type(type).header("cache-control", CACHE_ASSETS).header("vary", "accept-encoding");
    if (!/\bgzip\b/.test(headers["accept-encoding"] ?? "")) return reply.send(await readFile(pathOf(name)));
    let compressed = this.#compressed.get(name);
    if (!compressed) {
      compressed = readFile(pathOf(name)).then((bytes) => promisify(gzip)(bytes));
      this.#compressed.set(name, compressed);
    }
    return reply.header("content-encoding", "gzip").send(await compressed);
  }
}

function pathOf(name: string): string {
  const manifest = createRequire(import.meta.url).resolve("@fastify/swagger-ui/package.json");
  return join(dirname(manifest), "static", name);
}
