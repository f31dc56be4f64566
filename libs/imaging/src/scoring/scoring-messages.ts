import { FilmRefusal, type FilmRefusalReason } from '../film/film-refusal';
import type { ModelEntry } from '../models/manifest';
import { ModelMissing } from '../models/model-files';
import type { ModelRunnerOptions } from '../models/model-runner';
import { ModelContractMismatch } from '../models/onnx-model';
import { PictureRefusal, type PictureRefusalReason } from '../picture';

export interface ScoringSetup {
  readonly entries: readonly ModelEntry[];
  readonly folder: string;
  readonly options: ModelRunnerOptions;
}

export interface ScoringQuestion {
  readonly name: string;
  readonly args: readonly unknown[];
}

export type ScoringAnswer =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly name: string;
      readonly message: string;
      readonly reason: string | undefined;
      readonly code: string | undefined;
    };

/** An error loses its class on the way between threads. */
export function toAnswer(error: unknown): ScoringAnswer {
  if (!(error instanceof Error))
    return { ok: false, name: 'Error', message: String(error), reason: undefined, code: undefined };
  const text = (key: string): string | undefined => {
    const value: unknown = Reflect.get(error, key);
    return typeof value === 'string' ? value : undefined;
  };
  return { ok: false, name: error.name, message: error.message, reason: text('reason'), code: text('code') };
}

export function toError({ name, message, reason, code }: Extract<ScoringAnswer, { ok: false }>): Error {
  switch (name) {
    case 'PictureRefusal':
      return new PictureRefusal(reason as PictureRefusalReason, message);
    case 'FilmRefusal':
      return new FilmRefusal(reason as FilmRefusalReason, message);
    case 'ModelMissing':
      return new ModelMissing(message);
    case 'ModelContractMismatch':
      return new ModelContractMismatch(message);
    case 'RangeError':
      return new RangeError(message);
    default:
      return Object.assign(new Error(message), code === undefined ? {} : { code });
  }
}
