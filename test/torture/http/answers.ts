// HTTP answers read just far enough: their statuses and bodies, in order.
const HEADERS_END = "\r\n\r\n";

/** One answer. */
export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Takes an answer's body by its length, or chunk by chunk. */
export class AnswerReader {
  #bytes: Buffer = Buffer.alloc(0);

  take(read: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? read : Buffer.concat([this.#bytes, read]);
  }

  /** The next whole answer; undefined until it is there. @param isHead whether it answers a HEAD */
  next(isHead: boolean): Answer | undefined {
    const end = this.#bytes.indexOf(HEADERS_END);
    if (end < 0) return undefined;
    const head = this.#bytes.toString("latin1", 0, end);
    const status = Number(head.split(" ")[1]);
    const start = end + HEADERS_END.length;
    const hasBody = !isHead && status !== 204 && status !== 304 && status >= 200;
    const found = hasBody ? this.#body(head, start) : { body: "", end: start };
    if (!found) return undefined;
    this.#bytes = this.#bytes.subarray(found.end);
    return { status, head, body: found.body };
  }

  #body(head: string, start: number): { body: string; end: number } | undefined {
    if (/^transfer-encoding: *chunked/im.test(head)) return this.#chunks(start);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const end = start + length;
    return end > this.#bytes.length ? undefined : { body: this.#bytes.toString("utf8", start, end), end };
  }

  #chunks(from: number): { body: string; end: number } | undefined {
    let [at, body] = [from, ""];
    for (;;) {
      const line = this.#bytes.indexOf("\r\n", at);
      if (line < 0) return undefined;
      const size = Number.parseInt(this.#bytes.toString("latin1", at, line), 16);
      const end = line + 2 + size + 2;
      if (end > this.#bytes.length) return undefined;
      body += this.#bytes.toString("utf8", line + 2, line + 2 + size);
      at = end;
      if (size === 0) return { body, end };
    }
  }
}
