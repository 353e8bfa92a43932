// What the server serves.
import { useClient } from "@tidewire/react";
import { formatCount } from "../../format/numbers.js";
import { Link } from "../../router/link.js";
import { useRequest } from "../../server/use-request.js";
import { Card } from "../../ui/card.js";
import { Problem } from "../../ui/problem.js";
import { StatusPill } from "../../ui/status-pill.js";

/** Models change when the server starts. */
const EVERY_MS = 30_000;

export function Models() {
  const client = useClient();
  const { value, error, isLoading } = useRequest("ensembles", (signal) => client.ensembles.list({ signal }), {
    everyMs: EVERY_MS,
  });
  return (
    <Card title="Models" aside={value && formatCount(value.length)} flush>
      {error && <Problem error={error} />}
      {isLoading && <p className="overview-none">Loading…</p>}
      {value?.length === 0 && (
        <p className="overview-none">
          No models: put a folder with a <code>model.onnx</code> into the server's models.
        </p>
      )}
      <ul className="models">
        {value?.map((model) => (
          <li key={model.name}>
            <span className="life-name" data-lines="">
              <Link to={`/inference?ensemble=${encodeURIComponent(model.name)}`}>{model.name}</Link>
              <span className="quiet">
                {model.status === "broken"
                  ? model.reason
                  : [
                      model.version && `v${model.version}`,
                      `${model.boundarySignals.length} → ${model.signals.length} signals`,
                      model.costUs !== undefined && `${formatCount(model.costUs)} µs/row`,
                    ]
                      .filter(Boolean)
                      .join(" · ")}
              </span>
            </span>
            <StatusPill status={model.status} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
