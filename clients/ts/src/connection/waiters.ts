// Promises that one event settles.
import type { TidewireClientError } from "../errors.js";

interface Waiter<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: TidewireClientError) => void;
}

/** Whoever waits for the same. */
export class Waiters<Value = void> {
  #waiting: Waiter<Value>[] = [];

  wait(): Promise<Value> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  resolve(value: Value): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(value);
  }

  reject(error: TidewireClientError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
