import { Page } from "../../ui/page.js";

export default function InferencePage() {
  return <Page title="Inference">{null}</Page>;
}
