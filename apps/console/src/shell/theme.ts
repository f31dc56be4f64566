/** How light the page is: as the system says, or as the person chose here. */
export type Theme = 'system' | 'light' | 'dark';

const themes: readonly Theme[] = ['system', 'light', 'dark'];
const place = 'tower.theme';

/** Browsers may forbid a page to keep anything; then the choice holds until it is closed. */
function kept(): string | null {
  try {
    return localStorage.getItem(place);
  } catch {
    return null;
  }
}

export const chosenTheme = (): Theme => themes.find((theme) => theme === kept()) ?? 'system';

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(place, theme);
  } catch {
    // See `kept`.
  }
}

export const nextTheme = (theme: Theme): Theme => themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
