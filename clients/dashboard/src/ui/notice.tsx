// A line that must be seen: an error, a gap, a run that is lost.
import type { ReactNode } from "react";
import { Icon } from "./icon.js";
import type { Tone } from "./status-pill.js";

export function Notice({ tone = "idle", children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  const icon = tone === "lost" ? "lost" : tone === "bad" || tone === "warn" ? "warning" : "info";
  return (
    <div className="notice" data-tone={tone} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}
