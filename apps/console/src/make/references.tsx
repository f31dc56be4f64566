import { useMutation } from '@tanstack/react-query';
import type { FieldError } from '@tower/contracts';
import { toProblem } from '../api/problem';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import type { Draft, ReferenceDraft } from './draft';
import { DropZone } from './drop-zone';
import { sendFile } from './uploads';

interface Props {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly errors: readonly FieldError[];
}

/** Pictures that may guide a request at once. */
const maxReferences = 4;

/** Pictures that guide how it looks, such as a face that has to stay the same. */
export function References({ draft, onChange, errors }: Props) {
  const set = (references: readonly ReferenceDraft[]): void => onChange({ ...draft, references });
  const { mutate, error, isPending } = useMutation({
    mutationFn: sendFile,
    onSuccess: ({ id }) => set([...draft.references, { image: id, weight: '' }]),
  });
  const change = (at: number, change: Partial<ReferenceDraft>): void =>
    set(draft.references.map((reference, index) => (index === at ? { ...reference, ...change } : reference)));
  const wrong = (at: number): string | undefined =>
    errors.find(({ pointer }) => pointer.startsWith(`/ipadapter_refs/${at}`))?.message;
  return (
    <fieldset className="loras">
      <legend>Reference pictures</legend>
      {draft.references.map((reference, at) => (
        <div className="lora" key={at}>
          <Field
            label="Picture"
            value={reference.image}
            onChange={(image) => change(at, { image })}
            error={wrong(at)}
          />
          <Field
            label="Weight"
            kind="number"
            step="any"
            value={reference.weight}
            onChange={(weight) => change(at, { weight })}
            placeholder="0.8"
          />
          <Button kind="quiet" onClick={() => set(draft.references.filter((_, index) => index !== at))}>
            Leave out
          </Button>
        </div>
      ))}
      {draft.references.length < maxReferences && (
        <DropZone label="Add a reference" accept="image/*" isBusy={isPending} onFile={mutate}>
          {error === null ? (
            <p className="fine">A picture, dropped here, guides how it looks.</p>
          ) : (
            <p className="field-error">{toProblem(error).message}</p>
          )}
        </DropZone>
      )}
    </fieldset>
  );
}
