// Times and durations as text.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in its two largest units: "3 min 5 s", "2 h 10 min", "4 d 1 h"; below a minute "12 s", below 10 s "3.2 s". */
export function formatDuration(ms: number): string {
  if (!(ms >= 0)) return "–";
  if (ms < SECOND) return `${Math.floor(ms)} ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return pair(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return pair(ms, HOUR, "h", MINUTE, "min");
  return pair(ms, DAY, "d", HOUR, "h");
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  return `${Math.floor(ms / large)} ${largeName} ${Math.floor((ms % large) / small)} ${smallName}`;
}

/** How long ago, in its largest unit: "now", "12 s ago", "3 min ago". A clock that is ahead makes no future of it. */
export function formatAgo(ms: number): string {
  if (ms < SECOND) return "now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${Math.floor(ms / DAY)} d ago`;
}

/** Time of the day to the millisecond, in the reader's zone: "14:03:05.123". */
export function formatClock(at: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const ms = String(at.getMilliseconds()).padStart(3, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`;
}

/** Day and time in the reader's zone: "2026-11-20 14:03:05". */
export function formatDateTime(at: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${formatClock(at).slice(0, 8)}`;
}

/** A moment of an axis, as exact as its steps are: "14:03:05", "14:03", "11-20". */
export function formatTick(ms: number, stepMs: number): string {
  const at = formatDateTime(new Date(ms));
  if (stepMs < MINUTE) return at.slice(11);
  return stepMs < DAY ? at.slice(11, 16) : at.slice(5, 10);
}
