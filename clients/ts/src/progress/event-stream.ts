// Server-Sent Events over fetch (https://html.spec.whatwg.org/multipage/server-sent-events.html): works in Node too, and
// sends headers, which EventSource cannot.

/** One message of a stream. */
export interface SentEvent {
  /** Where to go on after it: opaque. Empty where none has been said. */
  readonly id: string;
  readonly text: string;
}

/** Longest line, in characters: beyond the largest frame there is nothing to wait for. */
const MAX_LINE = 32 * 1024 * 1024;

/** The messages of a response, until it ends. @param heard called with each chunk, comments included */
export async function* sentEvents(body: ReadableStream<Uint8Array>, heard: () => void): AsyncGenerator<SentEvent> {
  let id = "";
  let data: string[] = [];
  for await (const line of lines(body, heard)) {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") data.push(value);
    else if (field === "id") id = value;
    else if (line === "" && data.length > 0) {
      yield { id, text: data.join("\n") };
      data = [];
    }
  }
}

async function* lines(body: ReadableStream<Uint8Array>, heard: () => void): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      rest += decoder.decode(value, { stream: true });
      // A CR at the end may be half a line break.
      const found = rest.split(/\r\n|\n|\r(?!$)/);
      rest = found.pop() ?? "";
      if (rest.length > MAX_LINE) throw new RangeError(`a line of more than ${MAX_LINE} characters`);
      yield* found;
    }
  } finally {
    // What is still to come is wanted no more; a reader that is broken already has nothing to cancel.
    await reader.cancel().catch(() => undefined);
  }
}
