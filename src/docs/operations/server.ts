// Health, models, connections, the schema, and the documents themselves.
import { message, type Operations } from "../operation.js";

const PUBLIC_HEALTH =
  "Names only the ensembles that the token allows predictions with; without tokens configured, all of them.";

export const SERVER: Operations = {
  "GET /health": {
    id: "health",
    tag: "Server",
    summary: "How the server is",
    description: PUBLIC_HEALTH,
    replies: { 200: message("The process lives, whatever its state.", "Health") },
    errors: [],
  },
  "GET /health/live": {
    id: "healthLive",
    tag: "Server",
    summary: "Whether the process lives",
    description: "For an orchestrator's liveness probe.",
    replies: { 200: message("The process lives, whatever its state.", "Health") },
    errors: [],
  },
  "GET /health/ready": {
    id: "healthReady",
    tag: "Server",
    summary: "Whether the server takes work",
    description: "For an orchestrator's readiness probe, and for load balancers.",
    replies: {
      200: message("New work is welcome.", "Health"),
      503: {
        ...message("It starts, drains to stop, or a check fails.", "Health"),
        headers: { "retry-after": "Seconds to wait." },
      },
    },
    errors: [],
  },
  "GET /api/v1/ensemble/list": {
    id: "listEnsembles",
    tag: "Models",
    summary: "The served ensembles, and the broken directories",
    replies: { 200: message("All of them, by name.", "EnsembleList") },
    errors: [],
  },
  "GET /api/v1/ensemble/{name}/info": {
    id: "describeEnsemble",
    tag: "Models",
    summary: "One ensemble: its signals, boosts, measured quality and cost",
    path: { name: { description: "Name of the ensemble: its directory's." } },
    replies: { 200: message("The ensemble.", "EnsembleDescription") },
    errors: ["ENSEMBLE_NOT_FOUND"],
  },
  "GET /api/v1/inference/stream/stats": {
    id: "streamStats",
    tag: "Models",
    summary: "The connections that stream readings",
    replies: { 200: message("Their figures.", "StreamStats") },
    errors: [],
  },
  "POST /api/v1/inference/stream/save": {
    id: "saveHistory",
    tag: "Models",
    summary: "Write a session's history into a file",
    description: "Readings and predictions of a session that is open, or closed for less than ten minutes.",
    body: { message: "SaveHistory", as: "one" },
    replies: { 200: message("The file is written.", "HistorySaved") },
    errors: ["INVALID_PATH", "SESSION_NOT_FOUND", "OVERLOADED"],
  },
  "GET /api/v1/ws/stats": {
    id: "socketStats",
    tag: "Server",
    summary: "The WebSocket connections",
    replies: { 200: message("Counts by path, encoding and topic, and what went in and out.", "WsStats") },
    errors: [],
  },
  "POST /api/v1/tokens": {
    id: "createToken",
    tag: "Server",
    summary: "A token made from one's own",
    description:
      "It allows nothing that one's own does not, and ends no later: for a page's backend, which gives each page what it needs.",
    body: { message: "MintToken", as: "one" },
    replies: { 201: message("The token. The server does not keep it.", "MintedToken") },
    errors: ["PERMISSION_DENIED"],
  },
  "GET /metrics": {
    id: "metrics",
    tag: "Server",
    summary: "What the server measures of itself, for Prometheus",
    description: "In OpenMetrics where `Accept` prefers it.",
    replies: { 200: { description: "All metrics.", types: ["text/plain", "application/openmetrics-text"] } },
    errors: [],
  },
  "GET /api/v1/schema": {
    id: "schema",
    tag: "Server",
    summary: "The schema: all `.proto` sources",
    replies: { 200: message("The sources, by the names they import each other by.", "SchemaSources") },
    errors: [],
  },
  "GET /api/v1/schema/{path}": {
    id: "schemaFile",
    tag: "Server",
    summary: "One `.proto` source as text",
    path: { path: { description: "Name of the source; its slashes may stand as they are." } },
    replies: { 200: { description: "The source.", types: ["text/plain"] } },
    errors: ["NOT_FOUND"],
  },
  "GET /docs": {
    id: "docs",
    tag: "Server",
    summary: "This document as a page",
    replies: { 200: { description: "The page. It asks no other server for anything.", types: ["text/html"] } },
    errors: [],
  },
  "GET /docs/openapi.json": {
    id: "openapi",
    tag: "Server",
    summary: "This document",
    replies: { 200: { description: "OpenAPI 3.1.", types: ["application/json"] } },
    errors: [],
  },
  "GET /docs/openapi.yaml": {
    id: "openapiYaml",
    tag: "Server",
    summary: "This document as YAML",
    replies: { 200: { description: "OpenAPI 3.1.", types: ["application/yaml"] } },
    errors: [],
  },
  "GET /docs/asyncapi.json": {
    id: "asyncapi",
    tag: "Server",
    summary: "The document of the WebSocket protocol",
    replies: { 200: { description: "AsyncAPI 3.0.", types: ["application/json"] } },
    errors: [],
  },
  "GET /docs/socket": {
    id: "socketDocs",
    tag: "Server",
    summary: "The WebSocket protocol as a page",
    replies: { 200: { description: "The page.", types: ["text/html"] } },
    errors: [],
  },
};
