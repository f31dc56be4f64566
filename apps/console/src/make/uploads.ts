import type { UploadMetadata, UploadView, WorkflowView } from '@tower/contracts';
import { api } from '../api/client';
import { answerOf } from '../api/problem';
import { hasParameter, type Draft } from './draft';

/** Sends a file as it is; what it is, Tower tells by its bytes. */
export const sendFile = (file: File): Promise<UploadView> =>
  answerOf(
    api.POST('/api/anime/uploads', {
      body: '',
      bodySerializer: () => file,
      headers: { 'content-type': 'application/octet-stream' },
    }),
  );

/** What a file says of how it was made. */
export const readMetadata = (id: string): Promise<UploadMetadata> =>
  answerOf(api.GET('/api/anime/uploads/{id}/metadata', { params: { path: { id } } }));

/** The form with what a file says, as far as the workflow has it; what the file does not say stays. */
export function withMetadata(
  draft: Draft,
  { request }: Pick<UploadMetadata, 'request'>,
  workflow: WorkflowView,
): Draft {
  const { prompt, negative_prompt, seed, lora_models = [], ...others } = request;
  const values = Object.entries(others).flatMap(([name, value]): [string, string][] =>
    value !== undefined && hasParameter(workflow, name) ? [[name, String(value)]] : [],
  );
  return {
    ...draft,
    ...(prompt === undefined ? {} : { prompt }),
    ...(negative_prompt === undefined ? {} : { negativePrompt: negative_prompt }),
    ...(seed === undefined ? {} : { seed: String(seed) }),
    ...(lora_models.length === 0
      ? {}
      : { loras: lora_models.map(({ name, strength }) => ({ name, strength: String(strength) })) }),
    values: { ...draft.values, ...Object.fromEntries(values) },
  };
}
