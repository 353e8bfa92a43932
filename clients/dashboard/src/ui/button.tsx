// What is pressed.
import type { ButtonHTMLAttributes } from "react";
import { Icon, type IconName } from "./icon.js";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon?: IconName;
  /** "danger" for what cannot be undone. Default: "plain". */
  readonly kind?: "plain" | "primary" | "danger" | "bare";
}

export function Button({ icon, kind = "plain", children, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className="button" data-kind={kind}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon: IconName;
  /** What it does, for those who do not see the picture. */
  readonly label: string;
  /** Of a button that stays pressed. */
  readonly pressed?: boolean;
}

export function IconButton({ icon, label, pressed, ...rest }: IconButtonProps) {
  return (
    <button type="button" {...rest} className="icon-button" aria-label={label} title={label} aria-pressed={pressed}>
      <Icon name={icon} />
    </button>
  );
}
