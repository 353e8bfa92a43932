export { ProgressClient } from "./progress/progress-client.js";
