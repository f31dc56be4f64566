import type { CSSProperties, ReactNode } from 'react';
import type { JobState } from '@tower/contracts';
import { jobStates, type Tone } from '../jobs/job-states';

/** A short word in the colour of what it means; the word alone says it too. */
export function Mark({ tone, children, title }: { tone: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={`mark mark-${tone}`} title={title}>
      {children}
    </span>
  );
}

export function StateMark({ state }: { state: JobState }) {
  const { tone, word } = jobStates[state];
  return <Mark tone={tone}>{word}</Mark>;
}

/** A CSS variable, for what only a program knows; style sheets do the rest. */
export const cssVariable = (name: `--${string}`, value: string): CSSProperties => ({ [name]: value }) as CSSProperties;

/** How far something has come, 0 to 100. */
export function Bar({ percent, label, tone = 'busy' }: { percent: number; label: string; tone?: Tone }) {
  return (
    <div
      className={`bar bar-${tone}`}
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.round(percent)}
      aria-valuemin={0}
      aria-valuemax={100}
      style={cssVariable('--share', `${Math.min(100, Math.max(0, percent))}%`)}
    />
  );
}

/** A figure with what it counts. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
