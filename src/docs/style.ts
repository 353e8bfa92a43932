// How the pages look: the dashboard's colours, in light and dark as the reader's system has it.

const COLOURS = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f5f6f8, #0d1015);
  --surface: light-dark(#ffffff, #14181f);
  --raised: light-dark(#f1f3f6, #1b2129);
  --line: light-dark(#e2e6eb, #252c36);
  --text: light-dark(#161b22, #e6eaf0);
  --text-2: light-dark(#4d5764, #a3aebb);
  --accent: light-dark(#0a6583, #4cbbdf);
  --focus: light-dark(#0b7fa8, #63cdf0);
  --sent: light-dark(#0a5cad, #6cb3ff);
  --said: light-dark(#0f6b41, #4ccb8f);
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
* { box-sizing: border-box; }
html { scroll-padding-top: 56px; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 var(--sans); }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
body > nav {
  position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline;
  padding: 10px 24px; background: var(--surface); border-bottom: 1px solid var(--line); font: 14px/1.5 var(--sans);
}
body > nav a { color: var(--text-2); text-decoration: none; }
body > nav a:hover, body > nav a[aria-current] { color: var(--text); text-decoration: underline; text-underline-offset: 4px; }
`;

/** The page of the HTTP interface: Swagger UI under our links, without its own colours for the ground. */
export const HTTP_STYLE = `${COLOURS}
.swagger-ui { font-family: var(--sans); }
.swagger-ui .wrapper { max-width: 1200px; padding: 0 24px; }
.swagger-ui .info { margin: 28px 0; }
.swagger-ui .scheme-container { background: none; box-shadow: none; padding: 0 0 12px; }
html.dark-mode, html.dark-mode body, html.dark-mode .swagger-ui { background: var(--ground); }
@media (max-width: 640px) {
  body > nav { padding: 8px 12px; }
  .swagger-ui .wrapper { padding: 0 12px; }
  .swagger-ui .opblock .opblock-summary-path { max-width: 100%; }
  .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
}
`;

/** The page of the socket. */
export const SOCKET_STYLE = `${COLOURS}
main { display: grid; grid-template-columns: 220px minmax(0, 1fr); gap: 32px; max-width: 1280px; margin: 0 auto; padding: 24px; }
main > aside { position: sticky; top: 56px; align-self: start; max-height: calc(100vh - 72px); overflow-y: auto; font-size: 13px; }
aside h2 { margin: 12px 0 4px; font-size: 12px; color: var(--text-2); text-transform: none; }
aside ul { margin: 0; padding: 0; list-style: none; }
aside a { display: block; padding: 2px 0; overflow-wrap: anywhere; font-family: var(--mono); font-size: 12px; text-decoration: none; }
h1 { margin: 0 0 8px; font-size: 26px; line-height: 1.25; }
article > h2 { margin: 40px 0 12px; font-size: 20px; }
section { margin: 0 0 16px; padding: 16px 20px; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; }
section h3 { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; margin: 0 0 4px; font: 600 16px/1.4 var(--mono); }
section h3 a { color: inherit; text-decoration: none; }
section h3 small { font: 13px/1.4 var(--sans); color: var(--text-2); }
section h3 .sent { color: var(--sent); }
section h3 .said { color: var(--said); }
p { margin: 0 0 10px; max-width: 80ch; }
code { font-family: var(--mono); font-size: 0.9em; overflow-wrap: anywhere; }
table { width: 100%; margin: 8px 0 12px; border-collapse: collapse; font-size: 14px; }
th, td { padding: 5px 12px 5px 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
th { border-top: 0; font-size: 12px; font-weight: 500; color: var(--text-2); }
td:first-child { width: 24%; }
.paths td:first-child { width: 45%; }
td.rules { color: var(--text-2); width: 20%; }
td.type { width: 16%; }
.place { color: var(--text-2); }
.examples { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 8px; margin-top: 8px; }
figure { position: relative; margin: 0; min-width: 0; }
figcaption { display: flex; justify-content: space-between; gap: 8px; padding: 0 0 2px; font-size: 12px; color: var(--text-2); }
pre { margin: 0; padding: 10px 12px; max-height: 320px; overflow: auto; background: var(--raised); border-radius: 5px; font: 12.5px/1.5 var(--mono); }
pre.hex { white-space: pre-wrap; word-break: break-all; }
button { padding: 0 8px; border: 1px solid var(--line); border-radius: 5px; background: none; color: var(--text-2); font: 12px/1.6 var(--sans); cursor: pointer; }
button:hover { color: var(--text); }
@media (max-width: 900px) {
  main { grid-template-columns: minmax(0, 1fr); gap: 8px; padding: 16px 12px; }
  main > aside { position: static; max-height: none; }
  aside ul { columns: 2; }
  .examples { grid-template-columns: minmax(0, 1fr); }
  body > nav { padding: 8px 12px; }
}
@media (max-width: 640px) {
  section { padding: 12px; }
  thead { display: none; }
  tr { display: block; padding: 6px 0; border-top: 1px solid var(--line); }
  td, td:first-child, td.rules, td.type { display: inline; width: auto; padding: 0 8px 0 0; border: 0; }
  td:last-child { display: block; }
  td:empty { display: none; }
}
`;

/** Copies the text of the figure that a button stands in, and says so. */
export const SOCKET_SCRIPT = `
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  await navigator.clipboard.writeText(button.closest("figure").querySelector("pre").textContent);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});
`;
