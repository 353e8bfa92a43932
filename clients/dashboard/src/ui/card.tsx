// A box with a name.
import { type ReactNode, useId } from "react";

interface CardProps {
  readonly title: ReactNode;
  /** Its whole name, where the title alone is not the only one of the page. */
  readonly label?: string;
  /** Right of the name: a count, a link, buttons. */
  readonly aside?: ReactNode;
  /** Whether the content reaches the edges, as tables do. */
  readonly flush?: boolean;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Card({ title, label, aside, flush = false, className = "", children }: CardProps) {
  const id = useId();
  return (
    <section
      className={`card ${className}`}
      aria-label={label}
      aria-labelledby={label ? undefined : id}
      data-flush={flush || undefined}
    >
      <header className="card-head">
        <h2 id={id}>{title}</h2>
        {aside && <div className="card-aside">{aside}</div>}
      </header>
      <div className="card-body">{children}</div>
    </section>
  );
}
