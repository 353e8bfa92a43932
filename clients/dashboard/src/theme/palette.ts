// The tokens as colours that a canvas understands.

const cache = new Map<string, string>();
let probe: HTMLElement | undefined;

/** The present colour of a token such as "--series-1". A custom property's own text may be `light-dark(…)`. */
export function colourOf(token: string): string {
  const known = cache.get(token);
  if (known) return known;
  probe ??= document.body.appendChild(Object.assign(document.createElement("i"), { hidden: true }));
  probe.style.color = `var(${token})`;
  const colour = getComputedStyle(probe).color;
  cache.set(token, colour);
  return colour;
}

/** The same colour, seen through: 0 is not at all, 1 is fully. */
export function faint(colour: string, alpha: number): string {
  const [red = "0", green = "0", blue = "0"] = colour.match(/[\d.]+/g) ?? [];
  return `rgb(${red} ${green} ${blue} / ${alpha})`;
}

/** Forgets the colours, to be called when the theme has changed. */
export function forgetColours(): void {
  cache.clear();
}
