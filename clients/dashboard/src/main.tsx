// Starts the page.
import "@tidewire/react/styles.css";
import "./theme/tokens.css";
import "./theme/base.css";
import "./ui/ui.css";
import "./app/app.css";
import { TidewireProvider } from "@tidewire/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { loadAhead } from "./app/ahead.js";
import { App } from "./app/app.js";
import { client } from "./server/server.js";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <TidewireProvider client={client}>
      <App />
    </TidewireProvider>
  </StrictMode>,
);
loadAhead();
