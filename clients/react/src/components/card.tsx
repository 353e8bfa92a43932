"use client";
// The frame that all monitors share: a name, how it is, and whether that can be trusted.
import type { RunStatus, TidewireClientError } from "@tidewire/client";
import { type ReactNode, useId } from "react";
import type { Followed } from "../store/following.js";
import type { LinkState } from "../store/link.js";
import { LinkBadge, StatusPill } from "./badges.js";

interface CardProps {
  readonly kind: string;
  readonly label: string;
  readonly connection: LinkState;
  readonly status?: RunStatus | undefined;
  readonly hasStatus?: boolean | undefined;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** An article with a name and no heading: it stands below a page's own headings, whatever their level is. */
export function Card({ kind, label, connection, status, hasStatus, aside, children }: CardProps) {
  const id = useId();
  return (
    <article className={`tidewire tidewire-card tidewire-${kind}`} aria-labelledby={id} data-state={status}>
      <div className="tidewire-card__head">
        <span className="tidewire-card__label" id={id}>
          {label}
        </span>
        {hasStatus && <StatusPill status={status} />}
        <span className="tidewire-card__space" />
        {aside}
        {connection !== "ended" && <LinkBadge state={connection} />}
      </div>
      {children}
    </article>
  );
}

/** What is wrong with what is shown, where something is. */
export function Notices({ gap, error }: Pick<Followed, "gap"> & { readonly error: TidewireClientError | undefined }) {
  return (
    <>
      {error && (
        <p className="tidewire-notice" data-state="failed">
          {error.message} <code>{error.code}</code>
        </p>
      )}
      {gap && (
        <p className="tidewire-notice" data-state="lost">
          {gap.skipped > 0 ? `${gap.skipped} events were` : "Some events were"} not sent ({gap.reason.replace("_", " ")}
          ). What is shown is up to date.
        </p>
      )}
    </>
  );
}
