import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import { icons } from '../ui/icons';
import { commandKey, useKeys } from './keys';
import { LinkPill, LostBanner } from './link-pill';
import { SimulatedBanner } from './simulated-banner';
import { applyTheme, chosenTheme, nextTheme, type Theme } from './theme';
import { views } from './views';

/** Dialogs come when they are first asked for: what they are made of is no part of the first load. */
const Palette = lazy(async () => ({ default: (await import('./palette')).Palette }));
const Help = lazy(async () => ({ default: (await import('./help')).Help }));

const themeNames: Readonly<Record<Theme, string>> = { system: 'as the system', light: 'light', dark: 'dark' };

type Opened = 'palette' | 'help' | undefined;

/** Puts the cursor into the search of the view, where it has one. */
const searchHere = (): void => document.querySelector<HTMLElement>('[data-search]')?.focus();

function useShellKeys(open: (what: Opened) => void): void {
  const navigate = useNavigate();
  useKeys({
    '?': () => open('help'),
    '/': searchHere,
    ...Object.fromEntries(views.map(({ key, path }) => [`g ${key}`, () => void navigate({ to: path })])),
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      open('palette');
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [open]);
}

function Navigation() {
  return (
    <nav className="nav" aria-label="Views">
      <Link to="/" className="brand" aria-label="Tower, now">
        Tower
      </Link>
      <ul>
        {views.map(({ path, name, icon }) => (
          <li key={path}>
            <Link to={path} activeOptions={{ exact: path === '/', includeSearch: false }}>
              {icon}
              <span>{name}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Names the page after its view, and takes those who do not see it there when the view changes. */
function useArrival(): void {
  const path = useLocation({ select: ({ pathname }) => pathname });
  const before = useRef(path);
  useEffect(() => {
    const view = views.find((one) => (one.path === '/' ? path === '/' : path.startsWith(one.path)));
    document.title = view === undefined ? 'Tower' : `${view.name} · Tower`;
    if (before.current === path) return;
    before.current = path;
    document.getElementById('view')?.focus({ preventScroll: true });
  }, [path]);
}

/** What stands around every view. */
export function Shell(): ReactNode {
  const [opened, open] = useState<Opened>();
  const [theme, setTheme] = useState(chosenTheme);
  useEffect(() => applyTheme(theme), [theme]);
  useShellKeys(open);
  useArrival();
  const turn = (): void => setTheme(nextTheme(theme));
  const themeEntry = { id: 'theme', name: `Colours: ${themeNames[nextTheme(theme)]}`, kind: 'Look', go: turn };
  const helpEntry = { id: 'help', name: 'Keys', kind: 'Help', go: () => open('help') };
  return (
    <div className="shell">
      <a className="skip" href="#view">
        To the view
      </a>
      <Navigation />
      <div className="beside">
        <header className="top">
          <button type="button" className="search" onClick={() => open('palette')}>
            {icons.search}
            <span>Go anywhere</span>
            <kbd>{commandKey} K</kbd>
          </button>
          <LinkPill />
          <button type="button" className="button button-quiet" onClick={turn}>
            <span>
              Colours<span className="wide-only">: {themeNames[theme]}</span>
            </span>
          </button>
          <button type="button" className="button button-quiet" aria-label="Keys" onClick={() => open('help')}>
            ?
          </button>
        </header>
        <SimulatedBanner />
        <LostBanner />
        <main id="view" className="view" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Suspense fallback={null}>
        {opened === 'palette' && <Palette isOpen onClose={() => open(undefined)} more={[themeEntry, helpEntry]} />}
        {opened === 'help' && <Help isOpen onClose={() => open(undefined)} />}
      </Suspense>
    </div>
  );
}
