// What may be asked of a run: to pause, to go on, to stop.
import type { RunStatus } from "@tidewire/client";
import { useClient } from "@tidewire/react";
import { useState } from "react";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";

interface ActionsProps {
  readonly experimentId: string;
  readonly status: RunStatus | undefined;
  /** Told what went wrong; undefined when nothing has. */
  readonly onProblem: (problem: string | undefined) => void;
}

/** The server says of each status what may follow; what may not is not offered. */
export function RunActions({ experimentId, status, onProblem }: ActionsProps) {
  const client = useClient();
  const [asked, setAsked] = useState<RunStatus>();
  const [isConfirming, setConfirming] = useState(false);
  const ask = async (wanted: RunStatus, message: string) => {
    setAsked(wanted);
    onProblem(undefined);
    try {
      await client.training.setStatus(experimentId, wanted, message);
    } catch (error) {
      onProblem(`The run was not changed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      setAsked(undefined);
    }
  };
  const isRunning = status === "running" || status === "lost";
  return (
    <>
      {status === "running" && (
        <Button
          icon="pause"
          disabled={asked !== undefined}
          onClick={() => void ask("paused", "Paused from the dashboard")}
        >
          Pause
        </Button>
      )}
      {status === "paused" && (
        <Button
          icon="play"
          disabled={asked !== undefined}
          onClick={() => void ask("running", "Resumed from the dashboard")}
        >
          Resume
        </Button>
      )}
      {(isRunning || status === "paused" || status === "queued") && (
        <Button icon="stop" kind="danger" disabled={asked !== undefined} onClick={() => setConfirming(true)}>
          Stop
        </Button>
      )}
      {isConfirming && (
        <Dialog
          title={`Stop ${experimentId}?`}
          onClose={() => setConfirming(false)}
          actions={
            <>
              <Button onClick={() => setConfirming(false)}>Keep it running</Button>
              <Button
                icon="stop"
                kind="danger"
                onClick={() => {
                  setConfirming(false);
                  void ask("stopped", "Stopped from the dashboard");
                }}
              >
                Stop the run
              </Button>
            </>
          }
        >
          <p>
            A run that is stopped does not start again. Its script is told; what it has reported stays, and what it
            still reports is kept.
          </p>
        </Dialog>
      )}
    </>
  );
}
