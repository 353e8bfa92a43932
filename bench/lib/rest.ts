// Requests over HTTP, and how long they take.

/** An answer and its time, the body read. */
export interface Answer<Body> {
  readonly ms: number;
  readonly body: Body;
}

/** @throws Error when the answer is no 200 */
export async function get<Body>(port: number, path: string): Promise<Answer<Body>> {
  const startMs = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  const text = await response.text();
  const ms = performance.now() - startMs;
  if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${text.slice(0, 500)}`);
  return { ms, body: JSON.parse(text) as Body };
}
