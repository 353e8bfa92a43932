// A reading, typed.
import { type NamedPrediction, type NamedReading, TidewireClientError } from "@tidewire/client";
import { type FormEvent, useState } from "react";
import { Button } from "../../ui/button.js";
import { Field } from "../../ui/field.js";
import { Notice } from "../../ui/notice.js";
import { toReading, toTexts, toWritten } from "./reading.js";
import type { Trace } from "./trace.js";

interface ReadingFormProps {
  readonly signals: readonly string[];
  /** As the address has it. */
  readonly written: string;
  readonly onWrite: (written: string) => void;
  readonly predict: (reading: NamedReading) => Promise<NamedPrediction>;
  readonly trace: Trace;
}

export function ReadingForm({ signals, written, onWrite, predict, trace }: ReadingFormProps) {
  const [error, setError] = useState<Error>();
  const texts = toTexts(written, signals);
  const write = (index: number, text: string) =>
    onWrite(toWritten(texts.map((each, i) => (i === index ? text : each))));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const beginMs = performance.now();
    try {
      const { predictions, latencyMs } = await predict(toReading(texts, signals));
      trace.add({ predictions, truth: {}, latencyMs, roundTripMs: performance.now() - beginMs });
      setError(undefined);
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  const code = error instanceof TidewireClientError ? error.code : undefined;
  const wrong = signalsOf(error);
  return (
    <form onSubmit={submit} className="inference-reading" noValidate>
      <div className="inference-fields">
        {signals.map((signal, i) => (
          <Field
            key={signal}
            label={signal}
            problem={wrong.includes(signal) ? PROBLEMS[code ?? ""] : undefined}
            code={code}
          >
            {(field) => (
              <input
                {...field}
                className="field"
                inputMode="decimal"
                autoComplete="off"
                value={texts[i]}
                onChange={(event) => write(i, event.target.value)}
              />
            )}
          </Field>
        ))}
      </div>
      {error && wrong.length === 0 && (
        <Notice tone="bad">
          {code && <code>{code}</code>} {error.message}
        </Notice>
      )}
      <Button kind="primary" icon="play" type="submit">
        Predict
      </Button>
    </form>
  );
}

const PROBLEMS: Readonly<Record<string, string>> = {
  MISSING_SIGNALS: "is missing",
  INVALID_SIGNALS: "is no finite number",
};

/** The signals that the server's error names. */
function signalsOf(error: Error | undefined): readonly unknown[] {
  if (!(error instanceof TidewireClientError)) return [];
  const { missing_signals: missing, invalid_signals: invalid } = error.details;
  return [missing, invalid].flat().filter((each) => each !== undefined);
}
