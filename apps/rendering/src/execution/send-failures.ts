import type { Failure, PostOutcome } from '@tower/comfyui';
import type { AppError } from '@tower/kit';

type Refused = Extract<PostOutcome, { outcome: 'refused' }>;

/** A picture that is gone from the library is nothing that a card could do about. */
export function unsentPicture({ kind, code, message }: AppError): Failure {
  const putBack = 'Put the picture back where it was, or ask again with another one.';
  if (code.startsWith('library_')) return { kind: 'invalid', error: { code, message, hint: putBack } };
  if (kind === 'invalid')
    return {
      kind: 'invalid',
      error: { code, message, hint: 'Ask with a smaller picture, or raise --max-upload-size of this ComfyUI.' },
    };
  const isFull = code === 'comfyui_disk_full';
  const hint = isFull ? 'Free space on the disk of this ComfyUI.' : 'The log of this ComfyUI may say more.';
  return { kind: isFull ? 'disk_full' : 'network', error: { code, message, hint } };
}

/** Some servers give a prompt an id of their own; one that is no UUID cannot be followed. */
export const unusableId = (gpu: string, promptId: string): Failure => ({
  kind: 'invalid',
  error: {
    code: 'comfyui_prompt_id_unusable',
    message: `${gpu} answered the prompt id ${promptId.slice(0, 60)}, which is none`,
    hint: 'Update this ComfyUI.',
  },
});

/** The server answered that the graph is no good, there or anywhere. */
export const refusal = (gpu: string, { kind, code, message, model }: Refused): Failure => ({
  kind,
  error: {
    code,
    message: `${gpu} refused the graph: ${message}`,
    hint:
      code === 'comfyui_refused_413'
        ? 'Raise --max-upload-size of this ComfyUI, or the limit of the proxy before it.'
        : kind === 'missing_node'
          ? `Install the node pack that brings it on ${gpu}, and restart its ComfyUI.`
          : 'The workflow or one of its values does not fit this server; /status shows what each card has.',
  },
  ...(model ? { model, unlisted: true } : {}),
});
