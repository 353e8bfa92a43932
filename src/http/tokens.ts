// Tokens made from tokens: a page's backend asks for one that allows the page what it needs, for as long as it needs it.
import type { FastifyInstance } from "fastify";
import { scopeText } from "../access/scopes.js";
import { readMessage } from "../wire/json.js";
import type { HttpDependencies } from "./dependencies.js";
import { ASKS_ITSELF } from "./guard.js";
import { send } from "./reply.js";

/** Longest body: 64 scopes of 1,100 characters are longer, but nobody's. */
const MAX_BYTES = 64 * 1024;

/** POST `/api/v1/tokens`. */
export function registerTokens(app: FastifyInstance, { tokens }: Pick<HttpDependencies, "tokens">): void {
  const bodyLimit = Math.min(app.initialConfig.bodyLimit ?? MAX_BYTES, MAX_BYTES);
  app.post("/api/v1/tokens", { ...ASKS_ITSELF, bodyLimit }, async ({ body, grant }, reply) => {
    const { token, subject, scopes, expiresAtMs } = await tokens.mint(grant, readMessage("MintToken", body));
    const expiresAt = { seconds: expiresAtMs / 1000, nanos: 0 };
    const minted = { token, subject, scopes: scopes.map(scopeText), expiresAt };
    return send(reply.code(201).header("cache-control", "no-store"), "MintedToken", minted);
  });
}
