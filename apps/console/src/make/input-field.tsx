import { useMutation } from '@tanstack/react-query';
import type { WorkflowParameterView } from '@tower/contracts';
import { toProblem } from '../api/problem';
import { Field } from '../ui/field';
import { DropZone } from './drop-zone';
import { sendFile } from './uploads';

interface Props {
  readonly label: string;
  readonly parameter: WorkflowParameterView;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: string | undefined;
}

/** A picture or film that is worked on: a file from here, or something of the library by its id. */
export function InputField({ label, parameter, value, onChange, error }: Props) {
  const {
    mutate,
    data,
    error: refused,
    isPending,
  } = useMutation({
    mutationFn: sendFile,
    onSuccess: ({ id }) => onChange(id),
  });
  const isFilm = parameter.type === 'film';
  const sent = data?.id === value ? data : undefined;
  const wrong = error ?? (refused === null ? undefined : toProblem(refused).message);
  return (
    <DropZone
      label={isFilm ? 'Choose a film' : 'Choose a picture'}
      accept={isFilm ? 'video/*,image/gif' : 'image/*'}
      isBusy={isPending}
      onFile={mutate}
    >
      {sent !== undefined && <img className="thumb" src={sent.thumbnail_url} alt="What was sent" />}
      <Field
        label={label}
        value={value}
        onChange={onChange}
        error={wrong}
        placeholder={`drop a ${isFilm ? 'film' : 'picture'} here, or name one of the library by its id`}
        hint={
          sent === undefined ? (parameter.about ?? undefined) : `${sent.width} × ${sent.height}, ${sent.media_type}`
        }
      />
    </DropZone>
  );
}
