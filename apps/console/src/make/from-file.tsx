import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { UploadMetadata } from '@tower/contracts';
import { toProblem } from '../api/problem';
import { DropZone } from './drop-zone';
import { readMetadata, sendFile } from './uploads';

/** Fills the form in from a picture that says how it was made, as ComfyUI's and Tower's own do. */
export function FromFile({ onMetadata }: { onMetadata: (metadata: UploadMetadata) => void }) {
  const navigate = useNavigate();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: async (file: File) => readMetadata((await sendFile(file)).id),
    onSuccess: (metadata) => {
      if (metadata.job_id === null) onMetadata(metadata);
      else void navigate({ to: '/make', search: { from: metadata.job_id } });
    },
  });
  return (
    <DropZone label="Fill in from a picture" accept="image/*" isBusy={isPending} onFile={mutate}>
      <p className="fine" role="status">
        {error !== null ? toProblem(error).message : told(data)}
      </p>
    </DropZone>
  );
}

function told(metadata: UploadMetadata | undefined): string {
  if (metadata === undefined) return 'A picture of ComfyUI or Tower, dropped here, says how it was made.';
  if (metadata.job_id !== null) return 'Tower made this picture; the form asks for the same.';
  return Object.keys(metadata.request).length === 0
    ? 'This file does not say how it was made.'
    : 'Filled in what the file says. Anybody may have written it: look it over.';
}
