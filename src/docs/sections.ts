// The parts of the socket's page: a message, a type, an enum, the codes.
import { ENUMS } from "../../generated/ts/schema.js";
import { ERRORS, type ErrorRow } from "../errors.js";
import { type FieldPlan, type MessagePlan, planOf } from "../wire/plan.js";
import type { SocketSources } from "./asyncapi.js";
import { boundsText, commentOf, defaultText, partComment, withoutDefault } from "./comments.js";
import { type Html, html, prose } from "./html.js";
import { closeCodes } from "./socket-codes.js";
import type { FrameExample, FrameName, MessageField, SocketMessage } from "./socket-messages.js";

const WELL_KNOWN: Readonly<Record<string, string>> = {
  timestamp: "RFC 3339 time",
  struct: "JSON object",
  value: "any JSON",
  bytes: "base64",
};

/** Where a message stands on the page. */
export function messageId(frame: FrameName, type: string): string {
  return `${frame === "ClientFrame" ? "send" : "said"}-${type}`;
}

/** Where a type stands on the page. */
export function typeId(name: string): string {
  return `type-${name}`;
}

/** A group of links to places on the page. */
export function contents(title: string, links: readonly (readonly [id: string, name: string])[]): Html {
  return html`<h2>${title}</h2>
<ul>${links.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul>
`;
}

/** How to connect, and what all messages share. */
export function introduction({ version, paths }: SocketSources): Html {
  const rows = paths.map(
    ({
      path,
      topic,
    }) => html`<tr><td><code>${path}</code></td><td>${topic === undefined ? "nothing yet" : html`<code>${topic}</code>`}</td></tr>
`,
  );
  return html`<h1>Tidewire over WebSocket</h1>
<p>Version ${version}. One WebSocket message is one frame. Offer the subprotocol <code>tidewire.v1.json</code> for text
messages, each a JSON object, or <code>tidewire.v1.proto</code> for binary ones, each a <code>ClientFrame</code> or
<code>ServerFrame</code> of <a href="/api/v1/schema/tidewire/v1/frame.proto">frame.proto</a>. Without one your first
message decides.</p>
<p>JSON follows from the schema by one rule: <code>type</code> names the body, the frame's fields stand beside it, the
body's own under <code>data</code>, unless the body is flat. Absent fields may be null; unknown ones are ignored; a wrong
type is refused, never coerced. A reply carries the <code>id</code> of its request, a push has none, and
<a href="#said-error"><code>error</code></a> may be the reply to any request.</p>
<section>
<h3>Paths</h3>
<p>All of them speak the whole protocol.</p>
<table class="paths"><thead><tr><th>path</th><th>a connection is subscribed to</th></tr></thead><tbody>${rows}</tbody></table>
</section>
`;
}

/** One message: its fields, and examples in both encodings. */
export function messageSection(message: SocketMessage): Html {
  const { frame, type, number, kindNumber, description, fields, examples, answeredBy } = message;
  const id = messageId(frame, type);
  const place = kindNumber === undefined ? `field ${number} of ${frame}` : `field ${kindNumber} of Event`;
  const mark =
    frame === "ClientFrame"
      ? html`<span class="sent" title="client to server">→</span>`
      : html`<span class="said" title="server to client">←</span>`;
  const replies = answeredBy.map(
    (reply) => html` <a href="#${messageId("ServerFrame", reply)}"><code>${reply}</code></a>`,
  );
  return html`<section id="${id}">
<h3>${mark} <a href="#${id}">${type}</a> <small>${place}</small></h3>
<p>${prose(description)}</p>
${replies.length > 0 ? html`<p>Answered by${replies}.</p>` : ""}
${fieldTable(fields)}
${examples.map(exampleBlock)}
</section>
`;
}

/** A message that others hold. */
export function typeSection(plan: MessagePlan): Html {
  const id = typeId(plan.name);
  const bare = plan.shape === "value" ? html`<p>In JSON it is its only field's value.</p>` : "";
  return html`<section id="${id}">
<h3><a href="#${id}">${plan.name}</a></h3>
<p>${prose(commentOf(plan.name))}</p>
${bare}
${fieldTable(plan.plain.map((field) => ({ field, owner: plan, isInside: false })))}
</section>
`;
}

/** An enum's values. */
export function enumSection(name: string): Html {
  const id = typeId(name);
  const values = (ENUMS[name] ?? []).flatMap((value, number) => (value === "" ? [] : [{ value, number }]));
  const rows = values.map(
    ({
      value,
      number,
    }) => html`<tr><td><code>${value}</code></td><td>${number}</td><td>${prose(partComment(name, value))}</td></tr>
`,
  );
  return html`<section id="${id}">
<h3><a href="#${id}">${name}</a></h3>
<p>${prose(commentOf(name))}</p>
<table><thead><tr><th>JSON</th><th>number</th><th>meaning</th></tr></thead><tbody>${rows}</tbody></table>
</section>
`;
}

/** What a socket is closed with. */
export function closesSection(): Html {
  const rows = closeCodes().map(
    ({
      code,
      meaning,
      errors,
      isReturnWelcome,
    }) => html`<tr><td><code>${code}</code></td><td class="rules">${isReturnWelcome ? "come back" : "do not come back by yourself"}</td><td>${prose(meaning)} ${errors.map((name) => html`<code>${name}</code> `)}</td></tr>
`,
  );
  return html`<section><table><thead><tr><th>code</th><th>then</th><th>meaning</th></tr></thead><tbody>${rows}</tbody></table></section>
`;
}

/** The catalogue of errors. */
export function errorsSection(): Html {
  const catalogue: [string, ErrorRow][] = Object.entries(ERRORS);
  const rows = catalogue.map(
    ([
      code,
      { wireNumber, retryable },
    ]) => html`<tr><td><code>${code}</code></td><td class="type">${wireNumber}</td><td class="rules">${retryable ? "may be tried again" : ""}</td><td>${prose(partComment("ErrorCode", code))}</td></tr>
`,
  );
  return html`<section><table><thead><tr><th>code</th><th>number</th><th></th><th>meaning</th></tr></thead><tbody>${rows}</tbody></table></section>
`;
}

/** Every message that the messages hold and that is none of them, by name. */
export function nestedTypes(messages: readonly SocketMessage[]): MessagePlan[] {
  const bodies = new Set(messages.map(({ body }) => body));
  const found = new Set<MessagePlan>();
  const visit = (field: FieldPlan): void => {
    if (field.kind !== "message" || found.has(field.plan)) return;
    found.add(field.plan);
    for (const each of field.plan.plain) visit(each);
  };
  for (const { fields } of messages) for (const { field } of fields) visit(field);
  return [...found].filter((plan) => !bodies.has(plan)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function fieldTable(fields: readonly MessageField[]): Html {
  if (fields.length === 0) return html`<p>No fields.</p>`;
  return html`<table><thead><tr><th>field</th><th>type</th><th>rules</th><th>meaning</th></tr></thead><tbody>${fields.map(fieldRow)}</tbody></table>`;
}

function fieldRow({ field, owner, isInside }: MessageField): Html {
  const comment = partComment(owner.name, field.name);
  const place = isInside ? html`<span class="place">data.</span>` : "";
  const said = defaultText(comment);
  const rules = [
    field.required ? "required" : "",
    field.unit ?? "",
    boundsText(field),
    said === "" ? "" : `default: ${said}`,
  ];
  return html`<tr><td><code>${place}${field.name}</code></td><td class="type">${typeOf(field)}</td><td class="rules">${rules.filter(Boolean).join("; ")}</td><td>${prose(withoutDefault(comment))}</td></tr>
`;
}

function typeOf(field: FieldPlan): Html {
  const one = oneOf(field);
  if (field.cardinality === "list") return html`list of ${one}`;
  return field.cardinality === "map" ? html`${one} by name` : one;
}

function oneOf(field: FieldPlan): Html {
  const name = field.type;
  if (name === "ErrorCode") return html`<a href="#errors">ErrorCode</a>`;
  if (name !== undefined) return html`<a href="#${anchorOf(name)}">${name}</a>`;
  return html`${WELL_KNOWN[field.kind] ?? field.kind}`;
}

/** Of a message that is a body of a frame, the body's place. */
function anchorOf(name: string): string {
  for (const frame of ["ServerFrame", "ClientFrame"] as const) {
    for (const [type, { field, inlined }] of planOf(frame).cases)
      if ((inlined?.cases.get(type)?.field ?? field).plan.name === name) return messageId(frame, type);
  }
  return typeId(name);
}

function exampleBlock({ json, hex }: FrameExample): Html {
  const copy = html`<button type="button">Copy</button>`;
  return html`<div class="examples">
<figure><figcaption>JSON ${copy}</figcaption><pre tabindex="0">${JSON.stringify(json, undefined, 2)}</pre></figure>
<figure><figcaption>hex, ${hex.length / 2} bytes ${copy}</figcaption><pre class="hex" tabindex="0">${hex}</pre></figure>
</div>
`;
}
