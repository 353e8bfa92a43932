// What stands in a page's place as long as the server wants a token.
import { TidewireClient, TidewireClientError } from "@tidewire/client";
import { type FormEvent, useState } from "react";
import { client } from "../server/server.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { Code } from "../ui/empty-state.js";
import { Field } from "../ui/field.js";
import { Page } from "../ui/page.js";
import { keepToken, useAccess } from "./token.js";
import "./sign-in.css";

const MAKE = "npx tidewire token --name me --scope subscribe --scope monitor --file tokens.json";

export function SignIn() {
  const { isSignedIn, refusal } = useAccess();
  const [token, setToken] = useState("");
  const [isKept, setKept] = useState(false);
  const [isChecking, setChecking] = useState(false);
  const [problem, setProblem] = useState<TidewireClientError>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setChecking(true);
    const wrong = await check(token.trim());
    setChecking(false);
    setProblem(wrong);
    if (wrong) return;
    keepToken(token.trim(), isKept);
    // How it goes is told by the connection's state.
    client
      .getProgress()
      .connection.reconnect()
      .catch(() => undefined);
  };
  return (
    <Page title="Sign in">
      <Card title="This server asks for a token" className="sign-in">
        <p role="status">
          {isSignedIn && refusal ? `Yours is no longer taken: ${refusal.message}.` : "Nothing is shown without one."}
        </p>
        <form className="sign-in-form" onSubmit={(event) => void submit(event)}>
          <Field label="Token" problem={problem?.message} code={problem?.code}>
            {(field) => (
              <input
                {...field}
                className="field mono"
                type="password"
                autoComplete="off"
                spellCheck={false}
                required
                // biome-ignore lint/a11y/noAutofocus: there is nothing else to do on this page
                autoFocus
                value={token}
                onChange={({ target }) => setToken(target.value)}
              />
            )}
          </Field>
          <label className="check">
            <input type="checkbox" checked={isKept} onChange={({ target }) => setKept(target.checked)} />
            Keep it on this device, beyond this tab
          </label>
          <Button kind="primary" type="submit" disabled={isChecking || token.trim() === ""}>
            {isChecking ? "Checking…" : "Sign in"}
          </Button>
        </form>
      </Card>
      <Card title="How to get one" className="sign-in">
        <p className="sign-in-text">
          Whoever runs the server makes one in a terminal; the server reads the file again by itself:
        </p>
        <Code code={MAKE} />
        <p className="sign-in-text">
          Its scopes say what this page can do: <code>subscribe</code> shows runs, tasks, evaluations and the host,{" "}
          <code>subscribe:training.*</code> runs alone; <code>publish</code> stops and removes them;{" "}
          <code>predict</code> is for Inference and new evaluations, <code>monitor</code> for Connections;{" "}
          <code>admin</code> is everything.
        </p>
      </Card>
    </Page>
  );
}

/** @returns why the server does not take it */
async function check(token: string): Promise<TidewireClientError | undefined> {
  try {
    await new TidewireClient({ baseURL: location.origin, token }).topics.list({ limit: 1 });
    return undefined;
  } catch (error) {
    if (!(error instanceof TidewireClientError)) throw error;
    // It is a token, if one of few rights.
    return error.code === "PERMISSION_DENIED" ? undefined : error;
  }
}
