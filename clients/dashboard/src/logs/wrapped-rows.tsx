// Lines as high as their text: measured when drawn, estimated before.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef } from "react";
import type { RowsProps } from "./line-list.js";
import { Row } from "./row.js";

const ESTIMATE = 20;
const MARGIN = 12;

export function WrappedRows({ frame, lines, isFollowing, marked, onMark }: RowsProps) {
  const keyOf = useCallback((index: number) => lines.at(index)?.seq ?? index, [lines]);
  const rows = useVirtualizer<HTMLElement, HTMLElement>({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ESTIMATE,
    getItemKey: keyOf,
    overscan: MARGIN,
  });
  const last = lines.length - 1;
  useEffect(() => {
    if (isFollowing && last >= 0) rows.scrollToIndex(last, { align: "end" });
  }, [rows, isFollowing, last]);
  const isPlaced = useRef(false);
  useEffect(() => {
    if (isPlaced.current || isFollowing || marked === 0 || lines.length === 0) return;
    isPlaced.current = (lines.at(0)?.seq ?? 0) <= marked;
    rows.scrollToIndex(lines.indexOf(marked), { align: "center" });
  });
  return (
    <div className="log-rows" data-wrapped="" style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().map(({ key, index, start }) => {
        const line = lines.at(index);
        return (
          <div
            key={key}
            ref={rows.measureElement}
            data-index={index}
            className="log-place"
            style={{ transform: `translateY(${start}px)` }}
          >
            {line && <Row line={line} isMarked={line.seq === marked} onMark={onMark} />}
          </div>
        );
      })}
    </div>
  );
}
