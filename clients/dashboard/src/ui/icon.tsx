// Icons, drawn in the page: 16 units square, strokes in the colour of the text.

const PATHS = {
  overview: "M2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4zM2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4z",
  runs: "M1.5 13.5h13M2.5 4c2 0 2.5 6.5 5 6.5S10.5 7.5 14 7.5",
  tasks: "M2 4l1.3 1.3L5.5 3M2 11l1.3 1.3L5.5 10M8 4.5h6M8 11.5h6",
  inference: "M1.5 8h3l1.5-4.5 3.5 9L11 8h3.5",
  evaluations: "M3.5 14V9.5M8 14V5.5M12.5 14V2",
  system: "M4 4h8v8H4zM6.5 1.5V4M9.5 1.5V4M6.5 12v2.5M9.5 12v2.5M1.5 6.5H4M1.5 9.5H4M12 6.5h2.5M12 9.5h2.5",
  connections:
    "M5.5 10.5l5-5M6.5 4.5l1.3-1.3a3.4 3.4 0 0 1 4.9 4.9l-1.3 1.3M9.5 11.5l-1.3 1.3a3.4 3.4 0 0 1-4.9-4.9l1.3-1.3",
  search: "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM10.8 10.8L14 14",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.3 3.3L13 4.8",
  cross: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  play: "M5 3.2v9.6l7.6-4.8z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  stop: "M4 4h8v8H4z",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.3 1.7",
  live: "M8 8v.1M5.2 10.8a4 4 0 0 1 0-5.6M10.8 5.2a4 4 0 0 1 0 5.6M2.9 13.1a7.2 7.2 0 0 1 0-10.2M13.1 2.9a7.2 7.2 0 0 1 0 10.2",
  lost: "M2.5 2.5l11 11M4.9 9.9a4.4 4.4 0 0 1 3.4-1.3M2.6 7.3a7.6 7.6 0 0 1 3-1.9M13.4 7.3a7.6 7.6 0 0 0-4.7-2.2M8 12.9v.1",
  warning: "M8 2.2l6.3 11.3H1.7zM8 6.5v3.2M8 11.6v.1",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3v3.7M8 5v.1",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M12.8 3.2l-1.1 1.1M4.3 11.7l-1.1 1.1",
  moon: "M13.5 9.7A6 6 0 0 1 6.3 2.5a6 6 0 1 0 7.2 7.2z",
  auto: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 2v12M8 5l4.7-.500M8 8h6M8 11l4.7.5",
  help: "M6 6.2a2 2 0 1 1 2.8 1.9c-.600.3-.800.7-.800 1.4M8 11.8v.1M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z",
  up: "M8 13V3.5M4 7l4-4 4 4",
  down: "M8 3v9.5M4 9l4 4 4-4",
  right: "M6 3.5L10.5 8 6 12.5",
  left: "M10 3.5L5.5 8 10 12.5",
  download: "M8 2v8M4.8 7L8 10.2 11.2 7M2.5 13.5h11",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  wrap: "M2 4h12M2 8h9.5a2.2 2.2 0 0 1 0 4.5H8.5M10 11l-1.5 1.5L10 14M2 12h3.5",
  table: "M2 3h12v10H2zM2 6.5h12M2 10h12M6.5 6.5V13",
  chart: "M2 2v12h12M4.5 10.5l3-3.5 2 2 4-5",
  reset: "M3 8a5 5 0 1 1 1.6 3.7M3 13V9.5h3.5",
  log: "M3 3h10M3 6.3h7M3 9.7h10M3 13h5",
  container: "M8 1.8l5.5 3v6.4L8 14.2l-5.5-3V4.8zM2.5 4.8L8 7.8l5.5-3M8 7.8v6.4",
  workflow: "M2 2.5h4.5V6H2zM9.5 10H14v3.5H9.5zM4.2 6v5.8h5.3",
  model: "M3 4a1.5 1.5 0 1 0 0-.1M3 12a1.5 1.5 0 1 0 0-.1M13 8a1.5 1.5 0 1 0 0-.1M4.3 4.7l7.3 2.8M4.3 11.3l7.3-2.8",
  queued: "M4.5 2h7M4.5 14h7M5.5 2v2.5L8 8l2.5-3.5V2M5.5 14v-2.5L8 8l2.5 3.5V14",
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside a word; it says nothing to a screen reader. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
