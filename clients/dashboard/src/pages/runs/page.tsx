import { Page } from "../../ui/page.js";

export default function RunsPage() {
  return <Page title="Runs">{null}</Page>;
}
