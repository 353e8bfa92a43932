// Builds the page into dist/: one entry, a file for each page and for what is large and not needed at once.
import { defineConfig } from "vite";

/** The server that `vite` in development passes requests on to. */
const SERVER = process.env.TIDEWIRE_URL ?? "http://127.0.0.1:8000";

/** What pages are built of, and the routes that they ask. */
const SHARED =
  /clients\/dashboard\/src\/(ui|format|lives|router|server|host)\/|clients\/react\/|clients\/ts\/.*\/(rest|wire)\//;

export default defineConfig({
  // The workspace's root has a React of its own (of the test runner): the page must hold one React, and the newer.
  resolve: { dedupe: ["react", "react-dom"] },
  build: {
    target: "es2022",
    // For tools/size.mjs of the repository; not served.
    manifest: true,
    // Files only, no `data:` addresses: the content security policy of the server allows none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      checks: { pluginTimings: false },
      // "use client" is for frameworks with a server; here everything is.
      onLog: (level, log, show) => log.code !== "MODULE_LEVEL_DIRECTIVE" && show(level, log),
      output: {
        // What several pages share is small and needed by all of them: one file, not one for each module.
        codeSplitting: { groups: [{ name: "shared", test: SHARED, minShareCount: 2 }] },
      },
    },
  },
  server: { proxy: { "/api": { target: SERVER, ws: true }, "/health": SERVER } },
});
