// A link within the page.
import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { navigate } from "./history.js";

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  /** Path and query. */
  readonly to: string;
}

/** An ordinary link to whoever opens it in a new tab; otherwise the page stays loaded. */
export function Link({ to, onClick, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (event.defaultPrevented || !isPlain || rest.target) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a {...rest} href={to} onClick={follow}>
      {children}
    </a>
  );
}
