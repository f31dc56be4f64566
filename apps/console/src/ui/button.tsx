import type { ButtonHTMLAttributes, ReactNode } from 'react';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `main`: the one thing that a view is for. `danger`: takes something away. `quiet`: beside other things. */
  kind?: 'main' | 'plain' | 'danger' | 'quiet';
  /** The work that it began is not done yet. */
  busy?: boolean;
  children: ReactNode;
}

export function Button({ kind = 'plain', busy = false, disabled = false, className = '', ...rest }: ButtonProps) {
  const classes = `button button-${kind} ${className}`.trim();
  return <button type="button" className={classes} disabled={disabled || busy} aria-busy={busy} {...rest} />;
}
