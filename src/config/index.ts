export { type Config, ConfigError, type ConfigProblem, type ModelSettings } from "./config.js";
export { type ConfigSources, loadConfig } from "./load.js";
export { isLoopback } from "./loopback.js";
export { PACKAGE_ROOT, VERSION } from "./package.js";
export type { Setting } from "./setting.js";
export { flagOf, SECTIONS } from "./settings.js";
