// The messages of HTTP bodies. Here they stand in the one table; in what is published this file holds them itself, put
// there by tools/pack.mjs, and is loaded with the routes.
export { ENUMS, MESSAGES } from "../../../../generated/ts/schema.js";
