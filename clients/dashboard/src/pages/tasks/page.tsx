import { Page } from "../../ui/page.js";

export default function TasksPage() {
  return <Page title="Tasks">{null}</Page>;
}
