import { Page } from "../../ui/page.js";

export default function RunPage() {
  return <Page title="Run">{null}</Page>;
}
