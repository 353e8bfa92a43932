// Who predicts now.
import { useClient } from "@tidewire/react";
import { formatCount, formatShortCount } from "../../format/numbers.js";
import { Link } from "../../router/link.js";
import { useRequest } from "../../server/use-request.js";
import { Card } from "../../ui/card.js";
import { Problem } from "../../ui/problem.js";
import { Stat, Stats } from "../../ui/stat.js";
import { Ago } from "../../ui/time.js";

/** No topic tells of sessions. */
const EVERY_MS = 2_000;
const SHOWN = 5;

export function Sessions() {
  const client = useClient();
  const { value, error } = useRequest("sessions", (signal) => client.inferenceStats({ signal }), { everyMs: EVERY_MS });
  const { activeConnections, totalPredictions, averageLatencyMs, connections = [] } = value ?? {};
  return (
    <Card title="Inference" aside={<Link to="/inference">Try a model</Link>}>
      {error && !value && <Problem error={error} />}
      <Stats>
        <Stat label="Sessions" value={activeConnections} />
        <Stat
          label="Predictions"
          value={totalPredictions === undefined ? undefined : formatShortCount(totalPredictions)}
        />
        <Stat
          label="Mean latency"
          value={averageLatencyMs === undefined || totalPredictions === 0 ? undefined : averageLatencyMs.toFixed(2)}
          unit="ms"
        />
      </Stats>
      {connections.length > 0 && (
        <ul className="sessions">
          {connections.slice(0, SHOWN).map(({ sessionId, ensembleName, connectedAt, predictionsCount }) => (
            <li key={sessionId}>
              <span className="clip">{ensembleName || "not configured"}</span>
              <span className="number">{formatCount(predictionsCount)}</span>
              <span className="number quiet">
                <Ago at={connectedAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {connections.length > SHOWN && (
        <p className="quiet">
          {formatCount(connections.length - SHOWN)} more: <Link to="/connections">connections</Link>
        </p>
      )}
    </Card>
  );
}
