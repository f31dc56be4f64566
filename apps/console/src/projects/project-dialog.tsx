import { useState, type FormEvent } from 'react';
import type { ProjectView } from '@tower/contracts';
import { toProblem } from '../api/problem';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Choice, Field, fieldErrors } from '../ui/field';

export type ProjectValues = Pick<ProjectView, 'name' | 'description' | 'gate_policy'>;

interface Props {
  readonly title: string;
  readonly begin: ProjectValues;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onSave: (values: ProjectValues) => void;
  readonly error: unknown;
  readonly isBusy: boolean;
}

export function ProjectDialog({ title, isOpen, onClose, ...form }: Props) {
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose}>
      <ProjectForm onClose={onClose} {...form} />
    </Dialog>
  );
}

function ProjectForm({ begin, onClose, onSave, error, isBusy }: Omit<Props, 'title' | 'isOpen'>) {
  const [values, setValues] = useState(begin);
  const errors = fieldErrors(error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSave(values);
  };
  return (
    <form onSubmit={submit}>
      <Field
        label="Name"
        value={values.name}
        onChange={(name) => setValues({ ...values, name })}
        error={errors['/name']}
        required
      />
      <Field
        label="Description"
        kind="long"
        value={values.description}
        onChange={(description) => setValues({ ...values, description })}
        error={errors['/description']}
      />
      <Choice
        label="Gates"
        value={values.gate_policy}
        onChange={(policy) => setValues({ ...values, gate_policy: policy === 'advise' ? 'advise' : 'enforce' })}
        options={[
          ['enforce', 'enforce: the next phase waits until the gate passed'],
          ['advise', 'advise: the gate only says what it found'],
        ]}
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
