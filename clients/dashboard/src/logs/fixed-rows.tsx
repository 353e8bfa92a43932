// One line of text each, so that the place of every line is known without looking at any.
import { useLayoutEffect, useRef, useState } from "react";
import type { RowsProps } from "./line-list.js";
import { Row } from "./row.js";

/** Height of a line, in pixels; the style sheet has the same. */
const ROW = 20;
/** Lines drawn beyond both ends: a turn of the wheel finds them there. */
const MARGIN = 12;

export function FixedRows({ frame, lines, isFollowing, marked, onMark }: RowsProps) {
  const { top, height } = useViewport(frame);
  useStaying({ frame, lines, isFollowing, marked });
  const count = lines.length;
  const end = isFollowing ? count : Math.min(count, Math.ceil((top + height) / ROW) + MARGIN);
  const start = Math.max(0, isFollowing ? end - Math.ceil(height / ROW) - MARGIN : Math.floor(top / ROW) - MARGIN);
  const rows = [];
  for (let i = start; i < end; i++) {
    const line = lines.at(i);
    if (line) rows.push(<Row isFlat key={line.seq} line={line} isMarked={line.seq === marked} onMark={onMark} />);
  }
  return (
    <div className="log-rows" style={{ height: count * ROW }}>
      <div style={{ transform: `translateY(${start * ROW}px)` }}>{rows}</div>
    </div>
  );
}

/** What is in view, in pixels. */
function useViewport(frame: RowsProps["frame"]): { readonly top: number; readonly height: number } {
  const [viewport, setViewport] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const read = () => setViewport({ top: element.scrollTop, height: element.clientHeight });
    read();
    element.addEventListener("scroll", read, { passive: true });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", read);
      observer.disconnect();
    };
  }, [frame]);
  return viewport;
}

/** Keeps the line that is at the top at the top when lines come or go before it; begins at the marked line. */
function useStaying({
  frame,
  lines,
  isFollowing,
  marked,
}: Pick<RowsProps, "frame" | "lines" | "isFollowing" | "marked">) {
  const anchor = useRef<{ readonly seq: number; readonly offset: number }>(undefined);
  const isPlaced = useRef(false);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element || isFollowing) return;
    const { current } = anchor;
    if (!isPlaced.current && marked > 0 && lines.length > 0) {
      // Older lines are still being fetched: the marked one may be among them.
      isPlaced.current = (lines.at(0)?.seq ?? 0) <= marked;
      element.scrollTop = lines.indexOf(marked) * ROW - element.clientHeight / 2;
    } else if (current) {
      const wanted = lines.indexOf(current.seq) * ROW + current.offset;
      if (Math.abs(wanted - element.scrollTop) >= 1) element.scrollTop = wanted;
    }
  });
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const note = () => {
      const index = Math.floor(element.scrollTop / ROW);
      const seq = lines.at(index)?.seq;
      anchor.current = seq === undefined ? undefined : { seq, offset: element.scrollTop - index * ROW };
    };
    note();
    element.addEventListener("scroll", note, { passive: true });
    return () => element.removeEventListener("scroll", note);
  }, [frame, lines]);
}
