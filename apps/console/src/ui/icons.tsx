import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

/** Drawn with one line of 1.6 on a grid of 20, so that all have one weight. */
export const icons = {
  now: (
    <Icon>
      <circle cx="10" cy="10" r="7" />
      <path d="M10 6v4l2.6 1.8" />
    </Icon>
  ),
  cards: (
    <Icon>
      <rect x="2.5" y="5" width="15" height="9" rx="1.6" />
      <circle cx="7" cy="9.5" r="2" />
      <circle cx="13" cy="9.5" r="2" />
      <path d="M5 14v2.5M9 14v2.5" />
    </Icon>
  ),
  make: (
    <Icon>
      <path d="M10 3l1.7 4.3L16 9l-4.3 1.7L10 15l-1.7-4.3L4 9l4.3-1.7zM15.5 13.5v4M13.5 15.5h4" />
    </Icon>
  ),
  library: (
    <Icon>
      <rect x="2.5" y="3.5" width="15" height="13" rx="1.8" />
      <circle cx="7" cy="8" r="1.4" />
      <path d="M3 14l4-3.5 3 2.5 3.5-4 3.5 3.5" />
    </Icon>
  ),
  projects: (
    <Icon>
      <path d="M2.5 6.2c0-.9.7-1.7 1.7-1.7h3.3l1.7 2h6.6c.9 0 1.7.7 1.7 1.7v6.1c0 .9-.7 1.7-1.7 1.7H4.2c-.9 0-1.7-.7-1.7-1.7z" />
    </Icon>
  ),
  characters: (
    <Icon>
      <circle cx="10" cy="7" r="3.2" />
      <path d="M3.8 17c.8-3.2 3.2-5 6.2-5s5.4 1.8 6.2 5" />
    </Icon>
  ),
  system: (
    <Icon>
      <path d="M3 11h3l1.8-5.5 3.4 9L13 11h4" />
    </Icon>
  ),
  search: (
    <Icon>
      <circle cx="8.8" cy="8.8" r="5.3" />
      <path d="M12.8 12.8L17 17" />
    </Icon>
  ),
} as const;
