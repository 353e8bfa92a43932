// `tidewire decode`: a binary frame as its JSON twin, or what is wrong with it.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type Command, Option } from "commander";
import { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import { TidewireError } from "../errors.js";
import { frameToJson, type JsonObject } from "../wire/json.js";
import { protoCodec } from "../wire/proto-codec.js";
import { type CommandContext, CommandError } from "./context.js";

const NOTES = `
Hex digits may be in groups, with spaces, colons or 0x. From the standard input each line is a frame.

Examples:
  $ tidewire decode 08031a160a140000bc41cd4c7d4433339a429a9979400000cc41
  $ tidewire decode --type server 08 0b 52 0a 0a 08 08 a8 c6 ff c9 06 10 00
  $ tidewire decode - < frames.txt                one JSON line a frame

What the frames mean: docs/protocol.md`;

/** Who sent the frame. */
type Sender = "client" | "server";

export function configure(command: Command, context: CommandContext): void {
  command
    .argument("<hex...>", "the frame's bytes, or - for the standard input")
    .addOption(new Option("--type <sender>", "who sent it").choices(["client", "server"]).default("client"))
    .addHelpText("after", NOTES)
    .action(async (words: readonly string[]) => {
      const { type } = command.opts<{ type: Sender }>();
      if (words.length === 1 && words[0] === "-") await decodeLines(type, context);
      else context.stdout.write(`${JSON.stringify(decode(type, words.join(" ")), null, 2)}\n`);
    });
}

/** Each line of the standard input; a line that is no frame does not keep the others from being shown. */
async function decodeLines(type: Sender, { stdout, stderr }: CommandContext): Promise<void> {
  let line = 0;
  let wrong = 0;
  for await (const text of createInterface({ input: createReadStream("", { fd: 0 }) })) {
    line += 1;
    if (text.trim() === "") continue;
    try {
      stdout.write(`${JSON.stringify(decode(type, text))}\n`);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      wrong += 1;
      stderr.write(`line ${line}: ${error.message}\n`);
    }
  }
  if (wrong > 0) throw new CommandError(`${wrong} of ${line} lines are no ${type} frame`);
}

/** @throws CommandError that says what is wrong with the bytes, and whether the other side could have sent them */
function decode(type: Sender, text: string): JsonObject {
  const bytes = fromHex(text);
  try {
    return READERS[type](bytes);
  } catch (error) {
    const code = error instanceof TidewireError ? `${error.code}: ` : "";
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`${code}${reason}${hintOf(type, bytes)}`, { cause: error });
  }
}

const READERS: Readonly<Record<Sender, (bytes: Uint8Array) => JsonObject>> = {
  client: (bytes) => frameToJson("ClientFrame", protoCodec.decode(bytes)),
  server: (bytes) => {
    const frame = readServerFrame(bytes);
    if (frame.body === undefined)
      throw new Error("no ServerFrame: it has no body, or one that this version does not know");
    return frameToJson("ServerFrame", frame);
  },
};

function readServerFrame(bytes: Uint8Array): ServerFrame {
  try {
    return ServerFrame.decode(bytes);
  } catch (cause) {
    throw new Error(`no ServerFrame: ${(cause as Error).message}`, { cause });
  }
}

function hintOf(type: Sender, bytes: Uint8Array): string {
  const other = type === "client" ? "server" : "client";
  try {
    const { type: name } = READERS[other](bytes);
    return `\nthe ${other} could have sent it, as ${String(name)}: try --type ${other}`;
  } catch {
    return "";
  }
}

function fromHex(text: string): Uint8Array {
  const digits = text.replace(/0x|[\s:,]/gi, "");
  const [stray] = /[^0-9a-f]/i.exec(digits) ?? [];
  if (stray !== undefined) throw new CommandError(`"${stray}" is no hex digit; write the frame as 08 0b 52 00`);
  if (digits === "") throw new CommandError("no hex digits; write the frame as 08 0b 52 00");
  if (digits.length % 2 === 1) throw new CommandError(`${digits.length} hex digits are no whole number of bytes`);
  return Buffer.from(digits, "hex");
}
