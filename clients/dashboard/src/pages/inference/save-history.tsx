// Has the server write what the session has predicted into a file.
import { type HistorySaved, TidewireClientError } from "@tidewire/client";
import { useState } from "react";
import { formatCount } from "../../format/numbers.js";
import { client } from "../../server/server.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Notice } from "../../ui/notice.js";
import { Segmented } from "../../ui/toolbar.js";

const FORMATS = [
  { value: "csv", title: "CSV" },
  { value: "jsonl", title: "JSON Lines" },
  { value: "parquet", title: "Parquet" },
] as const;

interface SaveHistoryProps {
  readonly sessionId: string | undefined;
  /** Predictions so far. */
  readonly count: number;
}

type State =
  | { readonly is: "idle" | "saving" }
  | { readonly is: "saved"; readonly saved: HistorySaved }
  | { readonly is: "failed"; readonly error: Error };

export function SaveHistory({ sessionId, count }: SaveHistoryProps) {
  const [format, setFormat] = useState<(typeof FORMATS)[number]["value"]>("csv");
  const [state, setState] = useState<State>({ is: "idle" });
  const save = async () => {
    if (sessionId === undefined) return;
    setState({ is: "saving" });
    try {
      setState({ is: "saved", saved: await client.saveHistory({ sessionId, format }) });
    } catch (cause) {
      setState({ is: "failed", error: cause instanceof Error ? cause : new Error(String(cause)) });
    }
  };
  return (
    <Card title="History" aside={sessionId && <span className="mono">{sessionId}</span>}>
      <div className="inference-controls">
        <Segmented label="Format" options={FORMATS} value={format} onChange={setFormat} />
        <Button
          icon="download"
          disabled={count === 0 || !sessionId || state.is === "saving"}
          onClick={() => void save()}
        >
          {state.is === "saving" ? "Saving…" : "Save on the server"}
        </Button>
      </div>
      {state.is === "saved" && (
        <Notice tone="good">
          {formatCount(state.saved.samplesSaved)} readings in{" "}
          <code className="inference-path">{state.saved.outputPath}</code>
        </Notice>
      )}
      {state.is === "failed" && (
        <Notice tone="bad">
          {state.error instanceof TidewireClientError && <code>{state.error.code}</code>} {state.error.message}
        </Notice>
      )}
    </Card>
  );
}
