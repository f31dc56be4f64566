import { useState, type FormEvent } from 'react';
import type { CharacterView } from '@tower/contracts';
import { toProblem } from '../api/problem';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field, fieldErrors } from '../ui/field';

export type CharacterValues = Pick<CharacterView, 'name' | 'base_prompt' | 'negative_tokens'>;

interface Props {
  readonly title: string;
  readonly begin: CharacterValues;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onSave: (values: CharacterValues) => void;
  readonly error: unknown;
  readonly isBusy: boolean;
}

export function CharacterDialog({ title, isOpen, onClose, ...form }: Props) {
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose}>
      <CharacterForm onClose={onClose} {...form} />
    </Dialog>
  );
}

const tokensIn = (text: string): string[] =>
  text
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');

function CharacterForm({ begin, onClose, onSave, error, isBusy }: Omit<Props, 'title' | 'isOpen'>) {
  const [name, setName] = useState(begin.name);
  const [basePrompt, setBasePrompt] = useState(begin.base_prompt);
  const [tokens, setTokens] = useState(begin.negative_tokens.join(', '));
  const errors = fieldErrors(error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSave({ name, base_prompt: basePrompt, negative_tokens: tokensIn(tokens) });
  };
  const tokenError = Object.entries(errors).find(([pointer]) => pointer.startsWith('/negative_tokens'))?.[1];
  return (
    <form onSubmit={submit}>
      <Field label="Name" value={name} onChange={setName} error={errors['/name']} required />
      <Field
        label="Base prompt"
        kind="long"
        value={basePrompt}
        onChange={setBasePrompt}
        error={errors['/base_prompt']}
        placeholder="1girl, short silver hair, green eyes"
        hint="Stands before what is asked for whenever the character is in it."
      />
      <Field
        label="Never"
        value={tokens}
        onChange={setTokens}
        error={tokenError}
        placeholder="long hair, glasses"
        hint="With commas."
      />
      {error !== null && Object.keys(errors).length === 0 && (
        <p className="field-error" role="alert">
          {toProblem(error).message}
        </p>
      )}
      <div className="acts">
        <Button type="submit" kind="main" busy={isBusy}>
          Save
        </Button>
        <Button kind="quiet" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </form>
  );
}
