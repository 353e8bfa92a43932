// What a page without a framework needs.
export {
  ProgressBar,
  type ProgressBarEvents,
  type ProgressBarOptions,
  type StartOptions,
} from "./progress-bar/progress-bar.js";
export type { BarDocument, BarElement, BarState, BarStatus } from "./progress-bar/view.js";
