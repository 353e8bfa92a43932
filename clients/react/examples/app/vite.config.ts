import { defineConfig } from "vite";

// In development the page and the server have different addresses: what is asked of the one is passed on to the other.
const server = process.env.TIDEWIRE_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  server: { proxy: { "/api": { target: server, ws: true } } },
});
