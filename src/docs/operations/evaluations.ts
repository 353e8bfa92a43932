// Evaluations: the server runs an ensemble over a CSV file.
import { message, type Operations, token } from "../operation.js";

const PATH = "/api/v1/evaluations";
const ID = { id: token("Id of the evaluation, as its start told it") };

export const EVALUATIONS: Operations = {
  [`POST ${PATH}`]: {
    id: "startEvaluation",
    tag: "Evaluations",
    summary: "Run an ensemble over a CSV file",
    description:
      "The file lies in the data directory, and `path` names it; or it is sent along as the part `file` of a form, with the fields as parts beside it. Progress is told on the topic `evaluation.{id}`.",
    body: { message: "StartEvaluation", as: "file" },
    replies: {
      202: { ...message("It waits for its turn.", "Evaluation"), headers: { location: "Where the evaluation is." } },
    },
    errors: [
      "MISSING_ENSEMBLE",
      "ENSEMBLE_NOT_FOUND",
      "UNKNOWN_SIGNALS",
      "MISSING_SIGNALS",
      "INVALID_PATH",
      "FRAME_TOO_LARGE",
      "OVERLOADED",
      "SHUTTING_DOWN",
    ],
  },
  [`GET ${PATH}`]: {
    id: "listEvaluations",
    tag: "Evaluations",
    summary: "All evaluations that are kept",
    replies: { 200: message("The newest first.", "EvaluationList") },
    errors: [],
  },
  [`GET ${PATH}/{id}`]: {
    id: "describeEvaluation",
    tag: "Evaluations",
    summary: "How far an evaluation is, and how well the ensemble predicted",
    path: ID,
    replies: { 200: message("The evaluation.", "Evaluation") },
    errors: ["TASK_NOT_FOUND"],
  },
  [`GET ${PATH}/{id}/result`]: {
    id: "evaluationResult",
    tag: "Evaluations",
    summary: "The predictions as CSV",
    path: ID,
    replies: {
      200: {
        description: "The file, RFC 4180, with a header.",
        types: ["text/csv"],
        headers: { "content-disposition": "A name for the file." },
      },
    },
    errors: ["TASK_NOT_FOUND", "INVALID_TRANSITION"],
  },
  [`DELETE ${PATH}/{id}`]: {
    id: "removeEvaluation",
    tag: "Evaluations",
    summary: "Stop an evaluation where it runs, and remove its files",
    path: ID,
    replies: { 204: { description: "It is gone; its topic stays as history." } },
    errors: ["TASK_NOT_FOUND"],
  },
  [`POST ${PATH}/{id}/cancel`]: {
    id: "cancelEvaluation",
    tag: "Evaluations",
    summary: "Ask for an evaluation to stop",
    path: ID,
    body: { message: "RequestCancel", as: "one", isOptional: true },
    replies: { 202: message("It stops within a second, and says so on its topic.", "CancelAccepted") },
    errors: ["INVALID_TOPIC", "TASK_NOT_FOUND", "TASK_FINISHED", "SESSION_EXISTS", "OVERLOADED"],
  },
};
