// Frames of code that is loaded when it is first used: tensors, publishing, tokens.
import { addSchema } from "./plan.js";
import { ENUMS, MESSAGES } from "./seldom-schema.js";

/** Has frames of these kinds written and read from now on. */
export function addSeldom(): void {
  addSchema(ENUMS, MESSAGES);
}
