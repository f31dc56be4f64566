import { useEffect, useRef } from 'react';

/** Whether what has the focus takes letters for itself. */
const takesLetters = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

const isInDialog = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('[role="dialog"], [role="menu"], [role="listbox"]') !== null;

export type KeyTable = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** Milliseconds within which the second key of `g m` has to follow. */
const chordMs = 1_200;

/**
 * Answers to keys while the view stands: single ones (`j`, `/`, `?`) and pairs (`g m`). Not while somebody types, nor
 * inside of dialogs and menus, which have keys of their own.
 */
export function useKeys(table: KeyTable): void {
  const current = useRef(table);
  useEffect(() => {
    current.current = table;
  });
  useEffect(() => {
    let first: { key: string; atMs: number } | undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (takesLetters(event.target) || isInDialog(event.target)) return;
      const pair = first !== undefined && event.timeStamp - first.atMs < chordMs ? `${first.key} ${event.key}` : '';
      first = { key: event.key, atMs: event.timeStamp };
      const action = current.current[pair] ?? current.current[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action(event);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

/** `⌘` where the keyboard has it. */
export const commandKey = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl';
