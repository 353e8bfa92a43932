// A table whose rows are live: sorted by any column, opened by a press or Enter, shortened beyond a bound.
import { type ReactNode, useState } from "react";
import { Icon } from "./icon.js";

/** Rows drawn at once; more on request. Some hundred rows are laid out in a frame, some thousand are not. */
const ROWS_AT_ONCE = 200;

/** Which way a column is sorted. */
export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

export interface Column<Row> {
  readonly name: string;
  readonly title: string;
  readonly show: (row: Row) => ReactNode;
  /** What rows are sorted by; undefined comes last, whichever way. A column without it is not sorted. */
  readonly by?: (row: Row) => number | string | undefined;
  readonly isNumber?: boolean;
  /** Whether its title is heard only: that of a column of buttons. */
  readonly hidesTitle?: boolean;
  /** Whether it takes the room that is left, and is cut off where there is none. */
  readonly isWide?: boolean;
  /** Least width of the table, in pixels, at which the column is shown. Default: always. */
  readonly from?: 480 | 640 | 900 | 1200;
}

interface TableProps<Row> {
  /** What the table is about, for those who do not see it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  /** In the order in which they are shown: {@link sortRows}. */
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly sort?: Sort;
  readonly onSort?: (sort: Sort) => void;
  /** Marks a row that is chosen. */
  readonly isChosen?: (row: Row) => boolean;
}

export function Table<Row>({ caption, columns, rows, keyOf, sort, onSort, isChosen }: TableProps<Row>) {
  const [bound, setBound] = useState(ROWS_AT_ONCE);
  return (
    <div className="table-frame">
      <table className="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.name} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, bound).map((row) => (
            <tr key={keyOf(row)} aria-current={isChosen?.(row) || undefined}>
              {columns.map(({ name, show, isNumber, isWide, from }) => (
                <td key={name} className={isNumber ? "number" : isWide ? "wide" : undefined} data-from={from}>
                  {show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > bound && (
        <button type="button" className="table-more" onClick={() => setBound(bound + ROWS_AT_ONCE)}>
          Show {Math.min(ROWS_AT_ONCE, rows.length - bound)} more of {rows.length}
        </button>
      )}
    </div>
  );
}

interface HeadProps<Row> {
  readonly column: Column<Row>;
  readonly sort: Sort | undefined;
  readonly onSort: ((sort: Sort) => void) | undefined;
}

function Head<Row>({ column, sort, onSort }: HeadProps<Row>) {
  const { name, title, hidesTitle, by, isNumber, from } = column;
  const own = sort?.column === name ? sort : undefined;
  const direction = own && (own.descending ? "descending" : "ascending");
  // Numbers and times are mostly wanted the largest first; a second press turns it around.
  const next = { column: name, descending: own ? !own.descending : isNumber === true };
  return (
    <th scope="col" className={isNumber ? "number" : undefined} data-from={from} aria-sort={direction}>
      {by && onSort ? (
        <button type="button" className="sort" onClick={() => onSort(next)}>
          {title}
          <Icon name={own?.descending === false ? "up" : "down"} size={11} />
        </button>
      ) : (
        <span className={hidesTitle ? "visually-hidden" : undefined}>{title}</span>
      )}
    </th>
  );
}

/** The rows in the order of a column; rows that are equal in it, or say nothing, keep their order. */
export function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort): readonly Row[] {
  const by = columns.find(({ name }) => name === sort.column)?.by;
  if (!by) return rows;
  const sign = sort.descending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: by(row) }));
  keyed.sort((a, b) => {
    if (a.key === undefined || b.key === undefined) return Number(a.key === undefined) - Number(b.key === undefined);
    return sign * compare(a.key, b.key);
  });
  return keyed.map(({ row }) => row);
}

/** Text as people sort it: "run_2" before "run_10". */
const collator = new Intl.Collator("en", { numeric: true });

function compare(a: number | string, b: number | string): number {
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
}
