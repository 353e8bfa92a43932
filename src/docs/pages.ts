// The two pages of the documents. Neither asks another server for anything.
import { ENUMS } from "../../generated/ts/schema.js";
import type { SocketSources } from "./asyncapi.js";
import { Html, hashSource, html, navigation, scriptTag } from "./html.js";
import {
  closesSection,
  contents,
  enumSection,
  errorsSection,
  introduction,
  messageId,
  messageSection,
  nestedTypes,
  typeId,
  typeSection,
} from "./sections.js";
import { messagesOf } from "./socket-messages.js";
import { HTTP_STYLE, SOCKET_SCRIPT, SOCKET_STYLE } from "./style.js";

/** A page, and the policy under which it works. */
export interface Page {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

const FRAMING = "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; object-src 'none'";
const HTTP_SCRIPT = `
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#ui",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  validatorUrl: null,
});
`;

/** Swagger UI over the OpenAPI document; its files stand at `/docs/assets`. */
export function httpPage(): Page {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tidewire over HTTP</title>
<link rel="icon" href="/favicon.svg">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<style>${new Html(HTTP_STYLE)}</style>
</head>
<body>
${navigation("/docs")}
<div id="ui"></div>
${scriptTag("", "/docs/assets/swagger-ui-bundle.js")}
${scriptTag(HTTP_SCRIPT)}
</body>
</html>
`;
  // Swagger UI's marks are pictures inside its style.
  const style = `style-src 'self' ${hashSource(HTTP_STYLE)}`;
  const script = `script-src 'self' ${hashSource(HTTP_SCRIPT)}`;
  const policy = `default-src 'none'; connect-src 'self'; img-src 'self' data:; ${style}; ${script}; ${FRAMING}`;
  return { html: page.text, contentSecurityPolicy: policy };
}

/** The WebSocket protocol, message by message. */
export function socketPage(sources: SocketSources): Page {
  const requests = messagesOf("ClientFrame");
  const said = messagesOf("ServerFrame");
  const [events, replies] = [
    said.filter(({ kindNumber }) => kindNumber !== undefined),
    said.filter(({ kindNumber }) => kindNumber === undefined),
  ];
  const types = nestedTypes([...requests, ...said]);
  const enums = Object.keys(ENUMS).filter((name) => name !== "ErrorCode");
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tidewire over WebSocket</title>
<link rel="icon" href="/favicon.svg">
<style>${new Html(SOCKET_STYLE)}</style>
</head>
<body>
${navigation("/docs/socket")}
<main>
<aside>
${contents(
  "You send",
  requests.map(({ type }) => [messageId("ClientFrame", type), type]),
)}
${contents(
  "The server says",
  replies.map(({ type }) => [messageId("ServerFrame", type), type]),
)}
${contents(
  "Events",
  events.map(({ type }) => [messageId("ServerFrame", type), type]),
)}
${contents(
  "Parts",
  types.map(({ name }) => [typeId(name), name]),
)}
${contents(
  "Enums",
  enums.map((name) => [typeId(name), name]),
)}
${contents("Codes", [
  ["closes", "close codes"],
  ["errors", "error codes"],
])}
</aside>
<article>
${introduction(sources)}
<h2>What you send</h2>
${requests.map(messageSection)}
<h2>What the server says</h2>
${replies.map(messageSection)}
<h2>Events</h2>
<p>What is pushed to subscribers, as it happened, with its place in the topic's log. The same kinds are published.</p>
${events.map(messageSection)}
<h2>Parts of messages</h2>
${types.map(typeSection)}
<h2>Enums</h2>
${enums.map(enumSection)}
<h2 id="closes">Close codes</h2>
${closesSection()}
<h2 id="errors">Error codes</h2>
${errorsSection()}
</article>
</main>
${scriptTag(SOCKET_SCRIPT)}
</body>
</html>
`;
  const policy = `default-src 'none'; img-src 'self'; style-src ${hashSource(SOCKET_STYLE)}; script-src ${hashSource(SOCKET_SCRIPT)}; ${FRAMING}`;
  return { html: page.text, contentSecurityPolicy: policy };
}
