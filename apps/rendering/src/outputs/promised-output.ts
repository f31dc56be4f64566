import type { Failure, FileRef } from '@tower/comfyui';
import type { PromisedResult } from '../workflows/values/planned-values';
import { OutputFault, type OutputFacts, type OutputFaultReason } from './inspect-output';

/**
 * GIF counts hundredths of a second and other containers round as well; a film that plays at another speed is off by
 * more.
 */
const speedTolerance = 0.06;

/**
 * What an attempt's file lacks of what its workflow and plan promised, as the failure that it is; undefined when
 * nothing. Both what is and what should be is said.
 */
export function failureOf(
  facts: OutputFacts,
  promised: PromisedResult,
  output: Pick<FileRef, 'filename'>,
  gpu: string,
): Failure | undefined {
  const isFilm = facts.frames !== null;
  if (isFilm !== (promised.fps !== null))
    return otherwise(
      'output_wrong_kind',
      `${output.filename} from ${gpu} is ${isFilm ? `a film of ${facts.frames} frames` : 'a still'}, and the ` +
        `workflow promises ${promised.fps === null ? 'a still' : `a film of ${promised.frames} frames`}`,
    );
  // An encoder that was cut short leaves a whole film of fewer frames: that may have been a chance.
  if (facts.frames !== null && facts.frames !== promised.frames)
    return {
      ...otherwise(
        'output_wrong_frames',
        `${output.filename} from ${gpu} has ${facts.frames} frames instead of ${promised.frames}`,
      ),
      kind: 'outputs_missing',
    };
  if (facts.width !== promised.width || facts.height !== promised.height)
    return otherwise(
      'output_wrong_size',
      `${output.filename} from ${gpu} is ${facts.width} x ${facts.height} ` +
        `instead of ${promised.width} x ${promised.height}`,
    );
  if (facts.fps !== null && promised.fps !== null && Math.abs(facts.fps - promised.fps) > promised.fps * speedTolerance)
    return otherwise(
      'output_wrong_speed',
      `${output.filename} from ${gpu} plays ${facts.fps} frames per second instead of ${promised.fps}`,
    );
  if (!facts.black) return undefined;
  const what = isFilm
    ? `the first, middle and last frame of ${output.filename} from ${gpu} are black`
    : `${output.filename} from ${gpu} is black`;
  return {
    kind: 'black_output',
    error: {
      code: 'output_black',
      message: what,
      hint:
        'NaN values decode to black: a VAE or attention in half precision is the usual ' +
        'cause. Another seed or a more precise VAE may help.',
    },
  };
}

/**
 * What a film lacks that is no reason to render it again: the sound that it was to keep. In a sentence for the job;
 * undefined when nothing. No node says that it lost the sound, and the next attempt would lose it too.
 */
export const lackOf = (
  facts: Pick<OutputFacts, 'sound'>,
  promised: PromisedResult,
  path: string,
): string | undefined =>
  promised.sound && facts.sound !== true ? `${path} has no sound: the nodes lost what was to be kept` : undefined;

/**
 * The nodes did their work, and it is another one: on the same card they would do it again. Says nothing about the
 * card's health.
 */
const otherwise = (code: string, message: string): Failure => ({
  kind: 'node_failed',
  error: {
    code,
    message,
    hint:
      'The nodes of this ComfyUI do something else than the workflow ' +
      'expects; compare the versions of its node packs.',
  },
});

const hints: Record<OutputFaultReason, string> = {
  empty:
    'The encoder on this ComfyUI failed without saying so; its log and the ' +
    'free space of its output folder may tell why.',
  truncated: 'Look at the disk and the output folder of this ComfyUI.',
  undecodable: 'Look at the disk and the output folder of this ComfyUI.',
  unexpected: 'The workflow saves in a format that Tower does not read.',
  no_decoder: 'Install ffmpeg on the machine of Tower, or set FFMPEG_PATH.',
};

/**
 * The failure that a file is which is no whole picture or film. What this machine cannot decode says nothing about the
 * card.
 */
export const failureOfFault = (fault: OutputFault, output: Pick<FileRef, 'filename'>, gpu: string): Failure => ({
  kind: fault.reason === 'no_decoder' ? 'invalid' : 'outputs_missing',
  error: {
    code: `output_${fault.reason}`,
    message: `${output.filename} from ${gpu}: ${fault.message}`,
    hint: hints[fault.reason],
  },
});

/** Without the picture that a film node writes beside its film, of the same name, to carry the graph. */
export function artifactsAmong(outputs: readonly FileRef[]): FileRef[] {
  const stem = (file: FileRef): string => `${file.subfolder}/${file.filename.replace(/\.[^.]*$/, '')}`;
  const films = new Set(outputs.filter((file) => /\.(mp4|webm|mkv|mov|gif|webp)$/i.test(file.filename)).map(stem));
  return outputs.filter((file) => !(/\.png$/i.test(file.filename) && films.has(stem(file))));
}
