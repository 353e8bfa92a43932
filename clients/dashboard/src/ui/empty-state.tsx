// A place where nothing is yet, and how something gets there.
import { type ReactNode, useState } from "react";
import { IconButton } from "./button.js";
import { Icon, type IconName } from "./icon.js";

interface EmptyStateProps {
  readonly icon?: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  /** Lines to paste into a terminal. */
  readonly code?: string;
}

export function EmptyState({ icon = "info", title, children, code }: EmptyStateProps) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={22} />
      </span>
      <h2>{title}</h2>
      {children}
      {code && <Code code={code} />}
    </div>
  );
}

/** Lines of code, with a button that copies them. */
export function Code({ code }: { readonly code: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    setCopied(true);
  };
  return (
    <div className="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <pre tabIndex={0}>{code}</pre>
      {/* Not offered where pages may not write to the clipboard: over plain HTTP from another host. */}
      {navigator.clipboard && (
        <IconButton
          icon={isCopied ? "check" : "copy"}
          label={isCopied ? "Copied" : "Copy"}
          onClick={() => void copy()}
        />
      )}
    </div>
  );
}
