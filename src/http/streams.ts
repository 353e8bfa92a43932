// The connections that stream readings: their statistics, and saving what one has streamed.
import type { FastifyInstance } from "fastify";
import { readMessage } from "../wire/json.js";
import type { HttpDependencies } from "./dependencies.js";
import { ASKS_ITSELF, needs } from "./guard.js";
import { send } from "./reply.js";

/** Longest body of a save: three short texts. */
const MAX_SAVE_BYTES = 16 * 1024;

type StreamDependencies = Pick<HttpDependencies, "streams" | "histories">;

/** GET `/api/v1/inference/stream/stats` and POST `/api/v1/inference/stream/save`. */
export function registerStreams(app: FastifyInstance, { streams, histories }: StreamDependencies): void {
  app.get("/api/v1/inference/stream/stats", needs("monitor"), (_, reply) =>
    send(reply, "StreamStats", streams.stats()),
  );
  app.post(
    "/api/v1/inference/stream/save",
    { ...ASKS_ITSELF, bodyLimit: Math.min(app.initialConfig.bodyLimit ?? MAX_SAVE_BYTES, MAX_SAVE_BYTES) },
    async (request, reply) => {
      const mayRead = (ensemble: string) => request.grant.require("predict", ensemble);
      const saved = await histories.save(readMessage("SaveHistory", request.body), mayRead);
      return send(reply, "HistorySaved", saved);
    },
  );
}
