// The models that tests serve, and the folders they are served from.
import { fileURLToPath } from "node:url";
import type { Test } from "tap";

/** Folder of the test models. */
export const TEST_MODELS = fileURLToPath(new URL("../../models", import.meta.url));
/** Folder of the demo ensemble. */
export const TURBINE = fileURLToPath(new URL("../../../models/gas_turbine", import.meta.url));

/** Directory of a served model by its name. */
export function modelDirectory(name: string): string {
  return name === "gas_turbine" ? TURBINE : `${TEST_MODELS}/${name}`;
}

/** A models folder of links to the named models. */
export function modelsFolder(t: Test, names: readonly string[]): string {
  return t.testdir(Object.fromEntries(names.map((name) => [name, t.fixture("symlink", modelDirectory(name))])));
}
