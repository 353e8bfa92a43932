// The frame of a page: its name, what can be done on it, and what it holds.
import { type ReactNode, useEffect } from "react";

interface PageProps {
  /** Its heading and, with the product's name, the title of the tab. */
  readonly title: string;
  /** A line beside the heading: a status, a count. */
  readonly aside?: ReactNode;
  /** Buttons for the whole page. */
  readonly actions?: ReactNode;
  /** Where it belongs, above the heading. */
  readonly above?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, aside, actions, above, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Tidewire`;
  }, [title]);
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-name">
          {above}
          <h1>{title}</h1>
          {aside}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
