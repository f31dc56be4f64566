import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runFfmpeg } from '../films/film-encoder';
import { readSound } from '../films/film-reader';
import type { FolderKind } from '../files/folders';
import { nextSavePath } from '../files/save-path';
import { TempNames } from '../files/temp-names';
import { PyError } from '../python/errors';
import { str } from '../python/text';
import { dict } from '../python/values';
import { Sound } from '../sound/sound';
import { codecFailure, filmPlace, metadataTexts, noCodecs } from './film-place';
import { SoundValue } from './media-values';
import type { NodeBehaviour, NodeCall, NodeResult } from './node-behaviour';

export const emptyAudio: NodeBehaviour = {
  functionName: 'EmptyAudio.generate',
  run: (call) => ({
    outputs: [new SoundValue(Sound.silence(call.float('duration'), call.int('sample_rate'), call.int('channels')))],
  }),
};

export const loadAudio: NodeBehaviour = {
  functionName: 'LoadAudio.load',
  fingerprint: (inputs, folders) => {
    const name = inputs.get('audio');
    return name === undefined
      ? null
      : createHash('sha256')
          .update(readFileSync(folders.annotatedPath(str(name))))
          .digest('hex');
  },
  async run(call) {
    const file = call.runtime.folders.annotatedPath(call.text('audio'));
    const sound = await readSound(file, filmPlace(call, noCodecs)).catch((error: unknown) => {
      throw codecFailure(error);
    });
    if (sound === undefined) throw new PyError('ValueError', 'No audio stream found in the file.');
    return { outputs: [new SoundValue(sound)] };
  },
};

async function saveSound(
  call: NodeCall,
  kind: FolderKind,
  prefix: string,
  extension: string,
  options: readonly string[],
): Promise<NodeResult> {
  const value = call.value('audio', SoundValue);
  const target = nextSavePath(call.runtime.folders, kind, prefix, 0, 0, new Date());
  const stem = target.fileName.replaceAll('%batch_num%', '0');
  const filename = `${stem}_${String(target.counter).padStart(5, '0')}_.${extension}`;
  await runFfmpeg(
    {
      inputs: [{ ...value.sound.ffmpegInput, from: 'stdin' }],
      options: ['-map', '0:a', '-fflags', '+bitexact', '-flags:a', '+bitexact', ...options],
      texts: metadataTexts(call),
      output: { file: path.join(target.folder, filename) },
      stdin: value.sound.interleaved(),
    },
    filmPlace(call, noCodecs),
  ).catch((error: unknown) => {
    throw codecFailure(error);
  });
  return { outputs: [value], ui: dict({ audio: [dict({ filename, subfolder: target.subfolder, type: kind })] }) };
}

export const saveAudio: NodeBehaviour = {
  functionName: 'SaveAudio.save_flac',
  run: (call) => saveSound(call, 'output', call.text('filename_prefix'), 'flac', ['-c:a', 'flac']),
};

const mp3Quality: Record<string, string[]> = { V0: ['-q:a', '0'], '128k': ['-b:a', '128k'], '320k': ['-b:a', '320k'] };

export const saveAudioMp3: NodeBehaviour = {
  functionName: 'SaveAudioMP3.save_mp3',
  run: (call) =>
    saveSound(call, 'output', call.text('filename_prefix'), 'mp3', [
      '-c:a',
      'libmp3lame',
      ...(mp3Quality[call.text('quality')] ?? []),
    ]),
};

export const saveAudioOpus: NodeBehaviour = {
  functionName: 'SaveAudioOpus.save_opus',
  run: (call) =>
    saveSound(call, 'output', call.text('filename_prefix'), 'opus', [
      '-ar',
      '48000',
      '-c:a',
      'libopus',
      '-b:a',
      call.text('quality'),
    ]),
};

export function previewAudio(): NodeBehaviour {
  const names = new TempNames();
  return {
    functionName: 'PreviewAudio.save_flac',
    run: (call) => saveSound(call, 'temp', names.prefixFor(call.id), 'flac', ['-c:a', 'flac']),
  };
}
