// Which server a command talks to, and as whom.
import { type Command, Option } from "commander";
import { type CommandContext, CommandError } from "./context.js";

/** The options of commands that talk to a server. */
export interface TargetOptions {
  readonly url: string;
  readonly token?: string;
}

/** A server, as clients take it. */
export interface Target {
  /** The base URL, without a slash at its end. */
  readonly url: string;
  readonly token: string | undefined;
}

const URL_HELP =
  "the server; for a certificate that Node does not know set NODE_EXTRA_CA_CERTS to its authority's file";

/** Gives the command `--url` and `--token`. */
export function addTarget(command: Command): Command {
  return command
    .option("--url <url>", URL_HELP, "http://127.0.0.1:8000")
    .addOption(new Option("--token <token>", "the token to show; better set as TIDEWIRE_TOKEN, other users see flags"));
}

/** @throws CommandError on what is no URL of a server */
export function toTarget({ url, token }: TargetOptions, { env }: Pick<CommandContext, "env">): Target {
  if (!/^https?:\/\/[^/]+/.test(url) || !URL.canParse(url))
    throw new CommandError(`--url takes a URL such as http://127.0.0.1:8000, not "${url}"`);
  return { url: url.replace(/\/+$/, ""), token: token || env.TIDEWIRE_TOKEN || undefined };
}

/** Headers of a request that goes by no client. */
export function headersOf({ token }: Target): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
