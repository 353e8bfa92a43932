import { Page } from "../../ui/page.js";

export default function SystemPage() {
  return <Page title="System">{null}</Page>;
}
