// Asking the owner of a task, of a workflow's execution or of an evaluation to stop.
import { useClient } from "@tidewire/react";
import { useState } from "react";
import { Button } from "../ui/button.js";
import type { Life } from "./life.js";

interface CancelProps {
  readonly life: Life;
  /** Told what went wrong; undefined when nothing has. */
  readonly onProblem: (problem: string | undefined) => void;
}

/** Families whose owners can be asked. */
const ASKED: readonly string[] = ["task", "workflow", "evaluation"];

/** Nothing for what has ended or was asked already: then its status says so. */
export function CancelButton({ life, onProblem }: CancelProps) {
  const client = useClient();
  const [isAsking, setAsking] = useState(false);
  const { family, isEnded, shown, name, group = "" } = life;
  if (isEnded || shown === "cancelling" || !ASKED.includes(family)) return null;
  const cancel = async () => {
    setAsking(true);
    onProblem(undefined);
    try {
      const reason = "Cancelled from the dashboard";
      if (family === "task") await client.tasks.cancel(group, name, reason);
      else if (family === "workflow") await client.workflows.cancel(group, name, reason);
      else await client.evaluations.cancel(name, reason);
    } catch (error) {
      onProblem(`${name} was not asked to stop: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      setAsking(false);
    }
  };
  return (
    <Button icon="cross" disabled={isAsking} aria-label={`Cancel ${name}`} onClick={() => void cancel()}>
      <span className="button-word">Cancel</span>
    </Button>
  );
}
