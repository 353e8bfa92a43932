// Lines in a window that scrolls: only those in view are in the page. It stays at the end as long as the reader is there,
// and where the reader is otherwise, whatever comes or goes.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { formatCount } from "../format/numbers.js";
import { Button } from "../ui/button.js";
import { FixedRows } from "./fixed-rows.js";
import type { Lines } from "./selection.js";
import { WrappedRows } from "./wrapped-rows.js";

interface LineListProps {
  readonly lines: Lines;
  /** Another number means that the lines are others. */
  readonly version: number;
  readonly isWrapped: boolean;
  /** Number of the line that is marked. */
  readonly marked: number;
  readonly onMark: (seq: number) => void;
  /** What is said where there are no lines. */
  readonly empty: string;
}

/** How near to the end counts as at the end, in pixels. */
const NEAR = 8;

export function LineList({ lines, version, isWrapped, marked, onMark, empty }: LineListProps) {
  const frame = useRef<HTMLDivElement>(null);
  // Number of the newest line when the reader left the end. Whoever comes by a link to a line has never been there.
  const [leftAt, setLeftAt] = useState<number | undefined>(marked > 0 ? Number.POSITIVE_INFINITY : undefined);
  const isFollowing = leftAt === undefined;
  const follow = () => {
    setLeftAt(undefined);
    toEnd(frame.current);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: with each version there may be more lines below
  useLayoutEffect(() => {
    if (isFollowing) toEnd(frame.current);
  }, [isFollowing, version, lines, isWrapped]);

  useEffect(() => {
    if (!isFollowing || !frame.current) return;
    // Whoever makes the window smaller is still at the end.
    const observer = new ResizeObserver(() => toEnd(frame.current));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, [isFollowing]);

  const scrolled = () => {
    const element = frame.current;
    if (!element) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    if (isAtEnd !== isFollowing) setLeftAt(isAtEnd ? undefined : (lines.at(lines.length - 1)?.seq ?? 0));
  };
  const count = isFollowing ? 0 : lines.length - lines.indexOf(leftAt + 1);
  const Rows = isWrapped ? WrappedRows : FixedRows;
  return (
    <div className="log-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section ref={frame} className="log-lines" aria-label="Log lines" tabIndex={0} onScroll={scrolled}>
        {lines.length === 0 ? (
          <p className="log-empty">{empty}</p>
        ) : (
          <Rows
            frame={frame}
            lines={lines}
            version={version}
            isFollowing={isFollowing}
            marked={marked}
            onMark={onMark}
          />
        )}
      </section>
      {!isFollowing && (
        <span className="log-follow">
          <Button icon="down" onClick={follow}>
            {count > 0 ? `${formatCount(count)} new ${count === 1 ? "line" : "lines"}` : "To the end"}
          </Button>
        </span>
      )}
    </div>
  );
}

function toEnd(element: HTMLElement | null): void {
  if (element) element.scrollTop = element.scrollHeight;
}

/** What both ways of showing rows are given. */
export interface RowsProps {
  readonly frame: { readonly current: HTMLDivElement | HTMLElement | null };
  readonly lines: Lines;
  readonly version: number;
  readonly isFollowing: boolean;
  readonly marked: number;
  readonly onMark: (seq: number) => void;
}
