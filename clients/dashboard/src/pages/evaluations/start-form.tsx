// Starts an evaluation on a file of the reader's own.
import { TidewireClientError } from "@tidewire/client";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { formatBytes } from "../../format/numbers.js";
import { navigate } from "../../router/history.js";
import { client } from "../../server/server.js";
import { useRequest } from "../../server/use-request.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Field } from "../../ui/field.js";

/** The field that an error belongs to; the file is to blame for the rest. */
const OF_ENSEMBLE: readonly string[] = ["MISSING_ENSEMBLE", "ENSEMBLE_NOT_FOUND", "UNKNOWN_SIGNALS"];

type State = { readonly is: "idle" } | { readonly is: "sending" } | { readonly is: "refused"; readonly error: Error };

export function StartForm() {
  const ensembles = useRequest("ensembles", (signal) => client.ensembles.list({ signal }));
  const names = ensembles.value?.filter(isEnsemble).map(({ name }) => name) ?? [];
  const [chosen, setChosen] = useState<string>();
  const [file, setFile] = useState<File>();
  const [state, setState] = useState<State>({ is: "idle" });
  const isShown = useRef(false);
  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);
  const ensembleName = chosen ?? names[0] ?? "";

  const start = async (event: FormEvent) => {
    event.preventDefault();
    if (!file) return;
    setState({ is: "sending" });
    try {
      const { id } = await client.evaluations.start({ ensembleName, file });
      if (isShown.current) navigate(`/evaluations/${encodeURIComponent(id)}`);
    } catch (cause) {
      setState({ is: "refused", error: cause instanceof Error ? cause : new Error(String(cause)) });
    }
  };

  const error = state.is === "refused" ? state.error : ensembles.error;
  const code = error instanceof TidewireClientError ? error.code : "";
  const ofEnsemble = OF_ENSEMBLE.includes(code);
  return (
    <Card title="New evaluation">
      <form className="evaluations-form" onSubmit={start}>
        <Field label="Ensemble" problem={ofEnsemble ? error?.message : undefined} code={code}>
          {(field) => (
            <select
              {...field}
              className="field"
              value={ensembleName}
              onChange={(event) => setChosen(event.target.value)}
            >
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label="CSV file"
          hint={
            file
              ? formatBytes(file.size)
              : "A header row; a column for each boundary signal, and true columns to compare with"
          }
          problem={ofEnsemble ? undefined : error?.message}
          code={code}
        >
          {(field) => (
            <input
              {...field}
              className="field evaluations-input"
              type="file"
              accept=".csv,text/csv"
              onChange={(event) => {
                setFile(event.target.files?.[0]);
                setState({ is: "idle" });
              }}
            />
          )}
        </Field>
        <Button kind="primary" icon="play" type="submit" disabled={!file || !ensembleName || state.is === "sending"}>
          {state.is === "sending" ? "Sending…" : "Evaluate"}
        </Button>
      </form>
    </Card>
  );
}

/** Models without signals of their own take tensors, not rows. */
function isEnsemble({
  status,
  boundarySignals,
}: {
  readonly status: string;
  readonly boundarySignals: readonly string[];
}) {
  return status === "ready" && boundarySignals.length > 0;
}
