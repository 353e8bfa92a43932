// The pieces of pages: texts made safe, and the frame that both pages stand in.
import { createHash } from "node:crypto";

/** HTML that may stand as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = string | number | Html | undefined | readonly Piece[];

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A template whose values are texts, unless they are HTML themselves. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return new Html(strings.map((text, i) => text + (i < values.length ? textOf(values[i]) : "")).join(""));
}

/** A comment of the schema, its codes and words in backquotes shown as such. */
export function prose(comment: string): Html {
  const escaped = escapeText(comment);
  return new Html(
    escaped.replace(/`([^`]+)`|\b([A-Z]+(?:_[A-Z]+)+)\b/g, (_, code, word) => `<code>${code ?? word}</code>`),
  );
}

/** A script that stands in the page, or whose file does elsewhere. */
export function scriptTag(text: string, source?: string): Html {
  const attribute = source === undefined ? "" : ` src="${source}"`;
  return new Html(`<script${attribute}>${text}</script>`);
}

/** A source for a content security policy that allows exactly this inline text. */
export function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** The links between the documents, the present one marked. */
export function navigation(here: string): Html {
  const links = [
    ["/", "Dashboard"],
    ["/docs", "HTTP"],
    ["/docs/socket", "WebSocket"],
    ["/docs/openapi.json", "openapi.json"],
    ["/docs/asyncapi.json", "asyncapi.json"],
    ["/api/v1/schema", "schema"],
  ] as const;
  const items = links.map(([url, name]) =>
    url === here ? html`<a href="${url}" aria-current="page">${name}</a>` : html`<a href="${url}">${name}</a>`,
  );
  return html`<nav aria-label="Documents"><strong>Tidewire</strong>${items}</nav>`;
}

function textOf(value: Piece): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.text;
  return Array.isArray(value) ? value.map(textOf).join("") : escapeText(String(value));
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => ESCAPES[letter] ?? letter);
}
