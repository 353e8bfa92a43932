// The messages of frames that few pages send. Here they stand in the one table; in what is published this file holds them
// itself, put there by tools/pack.mjs, and is loaded with the first code that needs them.
export { ENUMS, MESSAGES } from "../../../../generated/ts/schema.js";
