// The keyboard of a screen: q and Ctrl-C end it.
import { isatty, ReadStream } from "node:tty";

const STDIN = 0;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/** A keyboard: a terminal that hands over each key. */
export type Keyboard = Pick<ReadStream, "setRawMode" | "on" | "setEncoding" | "destroy">;

/** Calls `quit` when somebody asks to end; without a keyboard, signals do. @returns what gives the keyboard back */
export function onQuit(quit: () => void, keyboard = openKeyboard()): Disposable {
  if (keyboard === undefined) return { [Symbol.dispose]: () => undefined };
  keyboard.setRawMode(true);
  keyboard.setEncoding("utf8");
  keyboard.on("data", (keys: string) => {
    if ([...keys].some((key) => key === "q" || key === "Q" || key === CTRL_C || key === CTRL_D)) quit();
  });
  // A terminal that has gone takes the keyboard along; its hang-up is a signal.
  keyboard.on("error", () => quit());
  return {
    [Symbol.dispose]: () => {
      keyboard.setRawMode(false);
      keyboard.destroy();
    },
  };
}

function openKeyboard(): Keyboard | undefined {
  return isatty(STDIN) ? new ReadStream(STDIN) : undefined;
}
