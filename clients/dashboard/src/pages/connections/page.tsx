import { Page } from "../../ui/page.js";

export default function ConnectionsPage() {
  return <Page title="Connections">{null}</Page>;
}
