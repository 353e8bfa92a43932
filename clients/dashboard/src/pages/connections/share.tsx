// Counts that make up a whole, as bars.
import { formatCount } from "../../format/numbers.js";
import { Card } from "../../ui/card.js";

interface ShareProps {
  readonly title: string;
  readonly counts: Readonly<Record<string, number>> | undefined;
}

export function Share({ title, counts = {} }: ShareProps) {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...entries.map(([, count]) => count));
  return (
    <Card title={title}>
      {entries.length === 0 && <p className="quiet">No connection is open.</p>}
      <dl className="connections-share">
        {entries.map(([name, count]) => (
          <div key={name}>
            <dt className="mono clip" title={name}>
              {name}
            </dt>
            <dd>
              <span className="connections-bar" style={{ width: `${(100 * count) / most}%` }} />
              <span className="connections-count">{formatCount(count)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
