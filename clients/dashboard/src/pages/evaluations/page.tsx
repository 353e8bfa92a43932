// Evaluations: an ensemble over a file, and how good it was.
import type { PageProps } from "../../app/routes.js";
import { EvaluationPage } from "./evaluation.js";
import { EvaluationList } from "./list.js";
import "./evaluations.css";

export default function EvaluationsPage({ params: { evaluationId } }: PageProps) {
  return evaluationId === undefined ? <EvaluationList /> : <EvaluationPage id={evaluationId} />;
}
