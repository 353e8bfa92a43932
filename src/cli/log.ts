import { type Logger, pino } from "pino";
import type { Config } from "../config/index.js";
import type { CommandContext } from "./context.js";

/** The server's log on stdout: a JSON object a line, or coloured lines where a person reads them. */
export async function createLog(level: Config["logLevel"], stdout: CommandContext["stdout"]): Promise<Logger> {
  const options = { level, base: undefined };
  if (!stdout.isTTY) return pino(options, pino.destination({ fd: stdout.fd, sync: true }));
  const { default: pretty } = await import("pino-pretty");
  const stream = pretty({
    destination: stdout.fd,
    // In this thread: starting a worker for it would cost a third of the start-up time.
    sync: true,
    colorize: true,
    translateTime: "SYS:HH:MM:ss.l",
    messageFormat: "{msg}{if url} {url}{end}",
    ignore: "url",
    singleLine: true,
  });
  return pino(options, stream);
}
