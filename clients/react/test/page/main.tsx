// The page that the tests drive: shows one component at a time, and tells what the hooks give.
import { TidewireClient } from "@tidewire/client";
import { StrictMode } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import * as tidewire from "../../src/index.js";
import styles from "../../src/styles.css";
import { Rendered, SCENES, type Scene } from "./scenes.js";

/** What is shown, and how. */
export interface Shown {
  readonly scene: Scene;
  readonly props?: Readonly<Record<string, unknown>>;
  readonly isStrict?: boolean;
  readonly encoding?: "json" | "proto";
  readonly hiddenGraceMs?: number;
  readonly theme?: "light" | "dark";
}

/** What tests call in the page. */
export interface Stage {
  show(shown: Shown): void;
  /** Brings to life what a server has rendered. */
  hydrate(shown: Pick<Shown, "scene" | "props">, html: string): void;
  clear(): void;
  /** Behaves as a page that is hidden, or seen again. */
  hide(isHidden: boolean): void;
}

const sheet = document.createElement("style");
sheet.textContent = `${styles} body { margin: 0; background: var(--tw-raised); } main { padding: 16px; display: grid; gap: 16px; max-width: 880px; margin: auto; } h1 { font: 600 20px var(--tw-font); color: var(--tw-ink); }`;
document.head.append(sheet);
let root: Root | undefined;
let client: TidewireClient | undefined;

const stage: Stage = {
  show({ scene, props = {}, isStrict, encoding = "json", hiddenGraceMs, theme }) {
    stage.clear();
    client = new TidewireClient({ baseURL: location.origin, encoding });
    client.getProgress({ reconnectDelay: 50, maxReconnectAttempts: Number.POSITIVE_INFINITY, heartbeatInterval: 500 });
    if (theme) document.documentElement.dataset.theme = theme;
    const Component = SCENES[scene];
    const page = (
      <tidewire.TidewireProvider client={client} hiddenGraceMs={hiddenGraceMs}>
        <main>
          <h1>{scene}</h1>
          <Component {...props} />
        </main>
      </tidewire.TidewireProvider>
    );
    root = createRoot(document.getElementById("root") as HTMLElement);
    root.render(isStrict ? <StrictMode>{page}</StrictMode> : page);
  },
  hydrate({ scene, props = {} }, html) {
    stage.clear();
    const place = document.getElementById("root") as HTMLElement;
    place.innerHTML = html;
    root = hydrateRoot(place, <Rendered scene={scene} props={props} url={location.origin} />);
  },
  clear() {
    root?.unmount();
    root = undefined;
    void client?.close();
  },
  hide(isHidden) {
    Object.defineProperty(document, "visibilityState", {
      configurable: true,
      get: () => (isHidden ? "hidden" : "visible"),
    });
    document.dispatchEvent(new Event("visibilitychange"));
  },
};

Object.assign(globalThis, { stage });
