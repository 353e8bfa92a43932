import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** React's copies: the repository's root has an older one, which the test runner draws with. */
const own = (name: string) => fileURLToPath(new URL(`node_modules/${name}`, import.meta.url));

export default defineConfig({
  // A view's path may be deep, and the same page is served at all of them.
  base: "/",
  resolve: { alias: { react: own("react"), "react-dom": own("react-dom") }, dedupe: ["react", "react-dom"] },
  build: {
    target: "es2022",
    // The server's policy allows no `data:` and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
