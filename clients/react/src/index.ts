"use client";
// Everything the package offers: the hooks, and components made of them.
export * from "./headless.js";
