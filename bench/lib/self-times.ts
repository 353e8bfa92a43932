// Self time by function out of a CPU profile.

/** As V8's inspector gives it, what is used of it. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly children?: readonly number[];
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Time spent in one function itself, not in what it calls. */
export interface SelfTime {
  readonly name: string;
  readonly where: string;
  /** Of the time that was not idle. */
  readonly share: number;
}

const IDLE = "(idle)";

/** The functions, dearest first. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTime[] {
  const labels = labelsOf(nodes);
  const times = new Map<string, number>();
  let total = 0;
  samples.forEach((id, i) => {
    const label = labels.get(id) ?? "?";
    if (label.startsWith(IDLE)) return;
    // The time until the next sample belongs to this one.
    const us = timeDeltas[i + 1] ?? 0;
    times.set(label, (times.get(label) ?? 0) + us);
    total += us;
  });
  const sorted = [...times].sort((a, b) => b[1] - a[1]);
  return sorted.map(([label, us]) => {
    const [name = "", where = ""] = label.split("\0");
    return { name, where, share: us / total };
  });
}

/** Name and place by node; what has no place of its own is named with its caller. */
function labelsOf(nodes: CpuProfile["nodes"]): Map<number, string> {
  const callers = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)));
  return new Map(
    nodes.map((node) => {
      const { functionName, url, lineNumber } = node.callFrame;
      const caller = callers.get(node.id)?.callFrame;
      const isNative = url === "" && !functionName.startsWith("(");
      const from =
        isNative && caller ? `native, from ${caller.functionName} ${placeOf(caller.url, caller.lineNumber)}` : "";
      return [node.id, `${functionName || "(anonymous)"}\0${from || placeOf(url, lineNumber)}`];
    }),
  );
}

/** The last folders of a path and the line, from 1. */
function placeOf(url: string, line: number): string {
  if (url === "") return "";
  const path = url.replace(/^file:\/\//, "").split("/");
  return `${path.slice(url.startsWith("file:") ? -3 : 0).join("/")}:${line + 1}`;
}
