// What a server renders to text: every hook and component, before anything is known.
import { renderToString } from "react-dom/server";
import { Rendered, SCENES, type Scene } from "./scenes.js";

/** The scene as a server sends it. */
export function render(scene: Scene, props: Readonly<Record<string, unknown>>, url: string): string {
  return renderToString(<Rendered scene={scene} props={props} url={url} />);
}

export const scenes = Object.keys(SCENES) as Scene[];
