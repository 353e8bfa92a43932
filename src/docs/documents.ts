// All documents of a server. Loaded with the tables that they are made of when the first of them is asked for.
import type { JsonObject } from "../wire/json.js";
import { asyncApiDocument, type SocketSources } from "./asyncapi.js";
import { openApiDocument, type Route } from "./openapi.js";
import { OPERATIONS } from "./operations/all.js";
import { httpPage, type Page, socketPage } from "./pages.js";
import { RECORDED } from "./recorded.js";
import { parseLines, type Recording } from "./recording.js";
import { toYaml } from "./yaml.js";

/** What a server says of itself. */
export interface DocumentSources extends SocketSources {
  readonly routes: readonly Route[];
  /** Whether there are no tokens: then everybody may do everything. */
  readonly isOpen: boolean;
  /** Most entries of one body. */
  readonly maxEntries: number;
}

/** The documents, as texts. */
export interface Documents {
  readonly openapi: string;
  readonly openapiYaml: string;
  readonly asyncapi: string;
  readonly http: Page;
  readonly socket: Page;
}

/** Writes all of them. */
export function writeDocuments(sources: DocumentSources): Documents {
  const openapi = openApiDocument({ ...sources, operations: OPERATIONS, recordings: parseLines<Recording>(RECORDED) });
  return {
    openapi: textOf(openapi),
    openapiYaml: toYaml(openapi),
    asyncapi: textOf(asyncApiDocument(sources)),
    http: httpPage(),
    socket: socketPage(sources),
  };
}

function textOf(document: JsonObject): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
