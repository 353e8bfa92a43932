// An honest client beside the storm: its predictions stay exact, and its log lines are told once each, in order.
import WebSocket from "ws";
import type { Findbook } from "../lib/part.js";

/** Between two rounds. */
const ROUND_MS = 100;
/** A server under a flood of other clients answers within that, or has forgotten. */
const ANSWER_MS = 20_000;
/** A graph may round the last digit of a float32 differently for another count of rows in its batch. */
const ROUNDING = 2e-6;
const TOPIC = "training.honest";
const TURBINE_READING = [23.5, 1013.2, 77.1, 3.9, 25.5];

interface Message {
  readonly type: string;
  readonly id?: number;
  readonly topic?: string;
  readonly data?: { readonly values?: readonly number[]; readonly message?: string };
}

/** Runs until it is stopped. */
export class HonestClient {
  readonly #url: string;
  readonly #findbook: Findbook;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #socket: WebSocket | undefined;
  #nextId = 1;
  #published = 0;
  #told = 0;
  #wanted: readonly number[] = [];
  #isStopping = false;
  #rounds: Promise<void> | undefined;

  constructor(url: string, findbook: Findbook) {
    this.#url = url;
    this.#findbook = findbook;
  }

  /** Connects, subscribes to its own topic, and sees what the quiet server predicts. */
  async start(): Promise<void> {
    await this.#createRun();
    const socket = new WebSocket(`${this.#url.replace("http", "ws")}/ws`, "tidewire.v1.json");
    this.#socket = socket;
    socket.on("message", (text: Buffer) => this.#receive(JSON.parse(text.toString()) as Message));
    socket.on("close", (code) => this.#closed(code));
    socket.on("error", () => {}); // `close` tells it
    await new Promise((resolve) => socket.once("open", resolve));
    await this.#ask("subscribe", { topic: TOPIC });
    await this.#ask("config", { ensemble_name: "gas_turbine" });
    this.#wanted = (await this.#ask("predict", { values: TURBINE_READING })).data?.values ?? [];
    this.#findbook.expect(this.#wanted.length === 6, "a quiet server predicts", () => String(this.#wanted));
    this.#rounds = this.#run();
  }

  /** The last round, without anything beside it. @returns rounds so far */
  async stop(): Promise<number> {
    this.#isStopping = true;
    await this.#rounds;
    await this.#round();
    const told = () => this.#told === this.#published;
    for (let i = 0; i < ANSWER_MS / ROUND_MS && !told(); i += 1)
      await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
    this.#findbook.expect(told(), "every published line is told", () => `${this.#told} of ${this.#published}`);
    this.#socket?.close();
    return this.#published;
  }

  async #createRun(): Promise<void> {
    const post = (method: string, path: string, body: object) =>
      fetch(`${this.#url}/api/v1/training/logs/${path}`, {
        method,
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
    await post("POST", "session", { experiment_id: "honest" });
    await post("PUT", "honest/status", { status: "running" });
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      await this.#round();
      await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
    }
  }

  async #round(): Promise<void> {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const [prediction, published] = await Promise.all([
      this.#ask("predict", { values: TURBINE_READING }),
      this.#ask("publish", {
        topic: TOPIC,
        type: "log",
        data: { level: "INFO", message: `line ${this.#published + 1}` },
      }),
    ]);
    const came = prediction.data?.values ?? [];
    const isExact =
      came.length === this.#wanted.length && came.every((value, i) => isNear(value, this.#wanted[i] as number));
    this.#findbook.expect(isExact, "predictions of others stay exact", () => JSON.stringify(prediction));
    this.#findbook.expect(published.type === "published", "an honest line is taken", () => JSON.stringify(published));
    if (published.type === "published") this.#published += 1;
  }

  #ask(type: string, data: object): Promise<Message> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#findbook.found("an honest client is answered", `${type} ${id}: nothing within ${ANSWER_MS} ms`);
        this.#waiting.delete(id);
        resolve({ type: "none" });
      }, ANSWER_MS);
      this.#waiting.set(id, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      this.#socket?.send(JSON.stringify({ type, id, data }));
    });
  }

  #receive(message: Message): void {
    const waiting = this.#waiting.get(message.id ?? 0);
    if (waiting) {
      this.#waiting.delete(message.id ?? 0);
      return waiting(message);
    }
    if (message.topic !== TOPIC || message.type !== "log") return;
    this.#told += 1;
    const isNext = message.data?.message === `line ${this.#told}`;
    this.#findbook.expect(isNext, "lines are told once, in order", () => `${this.#told}: ${JSON.stringify(message)}`);
  }

  #closed(code: number): void {
    if (!this.#isStopping) this.#findbook.found("an honest client stays connected", `closed with ${code}`);
    for (const resolve of this.#waiting.values()) resolve({ type: "none" });
    this.#waiting.clear();
  }
}

function isNear(came: number, wanted: number): boolean {
  return Math.abs(came - wanted) <= ROUNDING * Math.max(1, Math.abs(wanted));
}
