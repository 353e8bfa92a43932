// Runs TypeScript from source, in worker threads too: on Node 20 `--import=tsx` registers itself in the main thread only.
import { register } from "tsx/esm/api";

register();
