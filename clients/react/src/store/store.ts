// Everything of one client that components look at, outside of React: one cell a topic, however many components look.
import type { ProgressClient, SubscriptionFilter, TidewireClient } from "@tidewire/client";
import type { Cell, CellHost } from "./cell.js";
import { ConnectionCell } from "./connection-cell.js";
import { onVisibility, type Timer } from "./environment.js";
import { Following } from "./following.js";
import { Frames } from "./frames.js";

/** How long a hidden page still follows, in milliseconds, unless the provider says otherwise. */
export const HIDDEN_GRACE_MS = 30_000;
/** How often a ping measures the round trip, in milliseconds: a badge that is older than this tells nothing. */
const HEARTBEAT_MS = 10_000;

/** What a store may be told. */
export interface StoreOptions {
  /** How long a hidden page still follows, in milliseconds; Infinity is for ever. Default: 30 000. */
  readonly hiddenGraceMs?: number | undefined;
}

/** The cells of one client. */
export class Store implements CellHost {
  readonly frames = new Frames();
  readonly client: TidewireClient;
  readonly connection: ConnectionCell;
  /** How long a hidden page still follows, in milliseconds. */
  hiddenGraceMs = HIDDEN_GRACE_MS;
  /** Of the provider whose client it is: its end. */
  closing: Timer | undefined;
  readonly #cells = new Map<string, Cell<unknown>>();
  #timer: Timer | undefined;
  #offVisibility: (() => void) | undefined;

  constructor(client: TidewireClient) {
    this.client = client;
    this.connection = new ConnectionCell(this.progress, this, () => {
      const isOpen = this.connection.link === "live";
      for (const cell of this.#cells.values()) if (cell instanceof Following) cell.connectionChanged(isOpen);
    });
  }

  /** A page has no reason to give up: whoever looks at it sees that it tries. */
  get progress(): ProgressClient {
    return this.client.getProgress({ maxReconnectAttempts: Number.POSITIVE_INFINITY, heartbeatInterval: HEARTBEAT_MS });
  }

  /** The cell of that key; made if there is none. */
  cell<Made extends Cell<unknown>>(key: string, make: (key: string) => Made): Made {
    const known = this.#cells.get(key) as Made | undefined;
    if (known) return known;
    const made = make(key);
    this.#cells.set(key, made);
    return made;
  }

  followed(cell: Cell<unknown>): void {
    // It may have been forgotten meanwhile, and must be told of hidden pages like any other.
    this.#cells.set(cell.key, cell);
    this.#offVisibility ??= onVisibility(() => this.#visibilityChanged());
  }

  dropped(cell: Cell<unknown>): void {
    if (this.#cells.get(cell.key) === cell) this.#cells.delete(cell.key);
    if (this.#cells.size > 0) return;
    this.#offVisibility?.();
    this.#offVisibility = undefined;
  }

  #visibilityChanged(): void {
    clearTimeout(this.#timer);
    if (document.visibilityState !== "hidden") for (const cell of this.#cells.values()) cell.resume();
    else if (this.hiddenGraceMs < Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.#pause(), this.hiddenGraceMs);
  }

  #pause(): void {
    for (const cell of this.#cells.values()) cell.pause();
  }
}

const STORES = new WeakMap<TidewireClient, Store>();

/** The one store of a client: two providers with the same client share what they follow. */
export function storeOf(client: TidewireClient): Store {
  const store = STORES.get(client) ?? new Store(client);
  STORES.set(client, store);
  return store;
}

/** A key that differs where the filters do. */
export function keyOf(topic: string, { types, minLevel }: SubscriptionFilter): string {
  return JSON.stringify([topic, types, minLevel]);
}
