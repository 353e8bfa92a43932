// Predictions: of a reading that is typed, or of a file that is streamed.

import { useView } from "../../router/history.js";
import { choice, text } from "../../router/url-state.js";
import { client } from "../../server/server.js";
import { useRequest } from "../../server/use-request.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Notice } from "../../ui/notice.js";
import { Page } from "../../ui/page.js";
import { Problem } from "../../ui/problem.js";
import { Select } from "../../ui/toolbar.js";
import { Workbench } from "./workbench.js";
import "./inference.css";

/** What of the page stands in the address. */
export const VIEW = {
  ensemble: text(),
  from: choice(["reading", "file"], "reading"),
  reading: text(),
};

export default function InferencePage() {
  const [view, setView] = useView(VIEW);
  const { value, error } = useRequest("ensembles", (signal) => client.ensembles.list({ signal }));
  const ensembles = value?.filter(({ status, boundarySignals }) => status === "ready" && boundarySignals.length > 0);
  const ensemble = ensembles?.find(({ name }) => name === view.ensemble) ?? ensembles?.[0];
  const isUnknown = view.ensemble !== "" && ensembles !== undefined && ensemble?.name !== view.ensemble;
  return (
    <Page
      title="Inference"
      aside={ensemble && <span className="quiet">version {ensemble.version ?? "–"}</span>}
      actions={
        ensemble && (
          <Select
            label="Ensemble"
            options={(ensembles ?? []).map(({ name }) => ({ value: name, title: name }))}
            value={ensemble.name}
            onChange={(name) => setView({ ensemble: name, reading: "" }, { push: true })}
          />
        )
      }
    >
      {error && <Problem error={error} />}
      {isUnknown && <Notice tone="warn">There is no ensemble {view.ensemble}.</Notice>}
      {ensembles?.length === 0 && (
        <EmptyState icon="model" title="No ensemble is served" code="npx tidewire serve --models ./models">
          <p>A model is a folder with a model.onnx, or with an ensemble.json.</p>
        </EmptyState>
      )}
      {ensemble && <Workbench key={ensemble.name} ensemble={ensemble} />}
    </Page>
  );
}
