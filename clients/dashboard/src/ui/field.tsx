// A field with its name, what it wants, and what is wrong with it.
import { type ReactNode, useId } from "react";
import "./field.css";

interface FieldProps {
  readonly label: ReactNode;
  readonly hint?: string | undefined;
  /** Told as the server tells it. */
  readonly problem?: string | undefined;
  /** The error's code. */
  readonly code?: string | undefined;
  /** The control, which takes these attributes. */
  readonly children: (field: {
    readonly id: string;
    readonly "aria-describedby": string | undefined;
    readonly "aria-invalid": boolean;
  }) => ReactNode;
}

export function Field({ label, hint, problem, code, children }: FieldProps) {
  const id = useId();
  const text = problem ?? hint;
  return (
    <div className="labelled">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": text ? `${id}-text` : undefined, "aria-invalid": problem !== undefined })}
      {text && (
        <p
          id={`${id}-text`}
          className="labelled-text"
          data-tone={problem ? "bad" : undefined}
          role={problem ? "alert" : undefined}
        >
          {text} {problem && code && <code>{code}</code>}
        </p>
      )}
    </div>
  );
}
