// The connections that stream readings: their statistics, and saving what one has streamed.
import type { FastifyInstance } from "fastify";
import { readMessage } from "../wire/json.js";
import type { HttpDependencies } from "./dependencies.js";
import { send } from "./reply.js";

type StreamDependencies = Pick<HttpDependencies, "streams" | "histories">;

/** GET `/api/v1/inference/stream/stats` and POST `/api/v1/inference/stream/save`. */
export function registerStreams(app: FastifyInstance, { streams, histories }: StreamDependencies): void {
  app.get("/api/v1/inference/stream/stats", (_, reply) => send(reply, "StreamStats", streams.stats()));
  app.post("/api/v1/inference/stream/save", async (request, reply) => {
    const saved = await histories.save(readMessage("SaveHistory", request.body));
    return send(reply, "HistorySaved", saved);
  });
}
