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

/** The documents, as texts; each is written when it is first asked for: none takes the event loop 40 ms. */
export interface Documents {
  openapi(): string;
  openapiYaml(): string;
  asyncapi(): string;
  httpPage(): Page;
  socketPage(): Page;
}

/** The documents of a server. */
export function documentsOf(sources: DocumentSources): Documents {
  const openapi = once(() => {
    const recordings = parseLines<Recording>(RECORDED);
    return openApiDocument({ ...sources, operations: OPERATIONS, recordings });
  });
  return {
    openapi: once(() => textOf(openapi())),
    openapiYaml: once(() => toYaml(openapi())),
    asyncapi: once(() => textOf(asyncApiDocument(sources))),
    httpPage: once(httpPage),
    socketPage: once(() => socketPage(sources)),
  };
}

function once<T>(write: () => T): () => T {
  let written: { readonly value: T } | undefined;
  return () => {
    written ??= { value: write() };
    return written.value;
  };
}

function textOf(document: JsonObject): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
