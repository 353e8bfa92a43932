// Where a text stops being JSON. V8 tells it in some of its messages only.

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Index of the first character that cannot belong to any JSON text; the length when more text is missing. */
export function errorPosition(text: string): number {
  return new Scanner(text).run();
}

/** Reads tokens with a stack of its own: no depth of nesting overflows it. */
class Scanner {
  private at = 0;
  /** Closing characters that are still to come. */
  private readonly open: ("]" | "}")[] = [];

  constructor(private readonly text: string) {}

  run(): number {
    if (!this.values()) return this.at;
    this.take(SPACE);
    return this.at;
  }

  /** Reads one whole value; false where it stopped. */
  private values(): boolean {
    do {
      if (!this.opening()) return false;
    } while (this.closing());
    return this.open.length === 0;
  }

  /** Reads up to and with one scalar, or an empty object or list. */
  private opening(): boolean {
    for (;;) {
      this.take(SPACE);
      const next = this.text[this.at];
      if (next === "[" || next === "{") {
        this.at++;
        this.take(SPACE);
        this.open.push(next === "[" ? "]" : "}");
        if (this.text[this.at] === this.open.at(-1)) return true;
        if (next === "{" && !this.name()) return false;
      } else if (next === '"') return this.string();
      else return this.take(NUMBER) || this.take(WORD);
    }
  }

  /** Reads closing characters and a comma; true when a further value has to follow. */
  private closing(): boolean {
    while (this.open.length > 0) {
      this.take(SPACE);
      const next = this.text[this.at];
      if (next === this.open.at(-1)) {
        this.at++;
        this.open.pop();
      } else if (next === ",") {
        this.at++;
        return this.open.at(-1) === "]" || this.name();
      } else return false;
    }
    return false;
  }

  private name(): boolean {
    this.take(SPACE);
    if (this.text[this.at] !== '"' || !this.string()) return false;
    this.take(SPACE);
    if (this.text[this.at] !== ":") return false;
    this.at++;
    return true;
  }

  private string(): boolean {
    this.at++;
    while (this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (code < 0x20) return false;
      if (code === 0x22) {
        this.at++;
        return true;
      }
      if (code !== 0x5c) this.at++;
      else if (!this.take(ESCAPE)) return false;
    }
    return false;
  }

  private take(token: RegExp): boolean {
    token.lastIndex = this.at;
    if (!token.test(this.text)) return false;
    this.at = token.lastIndex;
    return true;
  }
}
