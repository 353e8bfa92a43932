// What a server renders to text: every hook and component, before anything is known.
import { StrictMode } from "react";
import { renderToString } from "react-dom/server";
import * as tidewire from "../../src/index.js";
import { SCENES, type Scene } from "./scenes.js";

/** The scene as a server sends it. */
export function render(scene: Scene, props: Readonly<Record<string, unknown>>, url: string): string {
  const Component = SCENES[scene];
  return renderToString(
    <StrictMode>
      <tidewire.TidewireProvider url={url}>
        <Component {...props} />
      </tidewire.TidewireProvider>
    </StrictMode>,
  );
}

export const scenes = Object.keys(SCENES) as Scene[];
