import { Page } from "../../ui/page.js";

export default function EvaluationsPage() {
  return <Page title="Evaluations">{null}</Page>;
}
