// Written by test/docs/openapi.test.ts with UPDATE=1. DO NOT EDIT.
import type { Recording } from "./recording.js";

/** Requests of a real server, and its replies. */
export const RECORDED: readonly Recording[] = [];
