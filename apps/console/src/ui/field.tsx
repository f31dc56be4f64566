import { useId, type ReactNode } from 'react';
import { toProblem } from '../api/problem';

/** What was wrong with which field, by the pointer of the interface (`/megabytes`). */
export const fieldErrors = (error: unknown): Readonly<Record<string, string>> =>
  error === null || error === undefined
    ? {}
    : Object.fromEntries(toProblem(error).fields.map(({ pointer, message }) => [pointer, message]));

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly kind?: 'text' | 'number' | 'long';
  readonly error?: string | undefined;
  readonly hint?: ReactNode;
  readonly required?: boolean;
  readonly placeholder?: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number | 'any';
}

/** A labelled field; what is wrong with it stands below it and is read with it. */
export function Field({ label, value, onChange, kind = 'text', error, hint, ...rest }: FieldProps) {
  const id = useId();
  const described = [error === undefined ? '' : `${id}-error`, hint === undefined ? '' : `${id}-hint`].join(' ').trim();
  const shared = {
    id,
    value,
    'aria-invalid': error !== undefined,
    ...(described === '' ? {} : { 'aria-describedby': described }),
    ...rest,
  };
  return (
    <div className={kind === 'long' ? 'field field-long' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {kind === 'long' ? (
        <textarea rows={3} dir="auto" {...shared} onChange={({ target }) => onChange(target.value)} />
      ) : (
        <input type={kind} dir="auto" {...shared} onChange={({ target }) => onChange(target.value)} />
      )}
      <FieldNotes id={id} error={error} hint={hint} />
    </div>
  );
}

export function FieldNotes({ id, error, hint }: { id: string; error: string | undefined; hint: ReactNode }) {
  return (
    <>
      {hint !== undefined && (
        <p className="fine" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, name: string])[];
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
  readonly hint?: ReactNode;
}

export function Choice({ label, value, options, onChange, error, hint }: ChoiceProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-invalid={error !== undefined}
        onChange={({ target }) => onChange(target.value)}
      >
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
      <FieldNotes id={id} error={error} hint={hint} />
    </div>
  );
}
