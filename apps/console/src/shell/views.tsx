import type { ReactNode } from 'react';
import { icons } from '../ui/icons';

interface View {
  readonly path: '/' | '/cards' | '/make' | '/library' | '/projects' | '/characters' | '/system';
  readonly name: string;
  /** Pressed after `g`. */
  readonly key: string;
  readonly icon: ReactNode;
}

/** What the navigation offers, in its order. */
export const views: readonly View[] = [
  { path: '/', name: 'Now', key: 'n', icon: icons.now },
  { path: '/make', name: 'Make', key: 'm', icon: icons.make },
  { path: '/library', name: 'Library', key: 'l', icon: icons.library },
  { path: '/cards', name: 'Cards', key: 'c', icon: icons.cards },
  { path: '/projects', name: 'Projects', key: 'p', icon: icons.projects },
  { path: '/characters', name: 'Characters', key: 'h', icon: icons.characters },
  { path: '/system', name: 'System', key: 's', icon: icons.system },
];
