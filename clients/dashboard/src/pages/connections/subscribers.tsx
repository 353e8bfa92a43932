// How many listen to what.
import { formatCount } from "../../format/numbers.js";
import { EmptyState } from "../../ui/empty-state.js";
import { type Column, type Sort, sortRows, Table } from "../../ui/table.js";

type Row = readonly [topic: string, count: number];

const COLUMNS: readonly Column<Row>[] = [
  {
    name: "topic",
    title: "Topic or pattern",
    by: ([topic]) => topic,
    show: ([topic]) => <span className="mono connections-topic">{topic}</span>,
  },
  {
    name: "count",
    title: "Subscribers",
    isNumber: true,
    by: ([, count]) => count,
    show: ([, count]) => formatCount(count),
  },
];

interface SubscribersProps {
  readonly subscribers: Readonly<Record<string, number>> | undefined;
  readonly filter: string;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}

export function Subscribers({ subscribers, filter, sort, onSort }: SubscribersProps) {
  if (!subscribers) return null;
  const wanted = filter.trim().toLowerCase();
  const all = Object.entries(subscribers);
  const rows = sortRows(
    all.filter(([topic]) => topic.toLowerCase().includes(wanted)),
    COLUMNS,
    sort,
  );
  if (rows.length === 0) {
    return <EmptyState icon="connections" title={all.length > 0 ? "No such topic" : "Nobody listens"} />;
  }
  return (
    <Table
      caption="Subscribers by topic"
      columns={COLUMNS}
      rows={rows}
      keyOf={([topic]) => topic}
      sort={sort}
      onSort={onSort}
    />
  );
}
