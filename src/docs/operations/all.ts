import type { Operations } from "../operation.js";
import { EVALUATIONS } from "./evaluations.js";
import { SERVER } from "./server.js";
import { TOPICS } from "./topics.js";
import { TRAINING } from "./training.js";

/** Every operation of the HTTP interface; a test holds it against the routes, both ways. */
export const OPERATIONS: Operations = { ...SERVER, ...TRAINING, ...TOPICS, ...EVALUATIONS };
