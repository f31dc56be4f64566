import { statSync } from 'node:fs';
import path from 'node:path';
import { FilmRefusal } from '@tower/imaging';
import { runFfmpeg } from '../films/film-encoder';
import { mp4Options, webmOptions } from '../films/film-formats';
import { readPictures, readSound, ffmpegFormatOf } from '../films/film-reader';
import { nextSavePath } from '../files/save-path';
import { PyError, keyError, typeError } from '../python/errors';
import { str } from '../python/text';
import { PyFloat, dict, type PyDict } from '../python/values';
import { codecFailure, encode, filmPlace, metadataTexts, noCodecs } from './film-place';
import { SoundValue, VideoValue, type VideoParts } from './media-values';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ImageValue } from './node-value';

/** Seconds per megapixel of the core encoders, which have no progress bar. */
const encodingCost = 0.03;

export const createVideo: NodeBehaviour = {
  run(call) {
    const { pictures } = call.value('images', ImageValue);
    const sound = call.inputs.get('audio');
    const parts: VideoParts = {
      pictures,
      framesPerSecond: call.float('fps'),
      sound: sound instanceof SoundValue ? sound.sound : undefined,
    };
    return { outputs: [new VideoValue(() => Promise.resolve(parts))] };
  },
};

/** Nothing is decoded before somebody asks for it. The file's time stands for its content, as in the real node. */
export const loadVideo: NodeBehaviour = {
  fingerprint: (inputs, folders) => {
    const name = inputs.get('file');
    return name === undefined ? null : new PyFloat(statSync(folders.annotatedPath(str(name))).mtimeMs / 1000);
  },
  run(call) {
    const file = call.runtime.folders.annotatedPath(call.text('file'));
    let parts: Promise<VideoParts> | undefined;
    return { outputs: [new VideoValue(() => (parts ??= decoded(call, file)), file)] };
  },
};

async function decoded(call: NodeCall, file: string): Promise<VideoParts> {
  const place = filmPlace(call, noCodecs);
  try {
    return { ...(await readPictures(file, place)), sound: await readSound(file, place) };
  } catch (error) {
    if (error instanceof FilmRefusal)
      throw new PyError(
        'av.error.InvalidDataError',
        `[Errno 1094995529] Invalid data found when processing input: '${file}'`,
      );
    throw codecFailure(error);
  }
}

export const getVideoComponents: NodeBehaviour = {
  async run(call) {
    const { pictures, framesPerSecond, sound } = await call.value('video', VideoValue).parts();
    return {
      outputs: [
        new ImageValue(pictures),
        sound === undefined ? null : new SoundValue(sound),
        new PyFloat(framesPerSecond),
        8,
        'auto',
      ],
    };
  },
};

interface Container {
  readonly extension: 'mp4' | 'mkv' | 'webm';
  readonly options: readonly string[];
  readonly soundOptions: readonly string[];
}

/** 0.3.64 posts `format` and `codec`, 0.33 also `format.codec` and what hangs on it. */
function containerOf(call: NodeCall): Container {
  if (!call.has('format')) throw typeError("SaveVideo.execute() missing 1 required positional argument: 'format'");
  const said = (name: string): string => (call.has(name) ? call.text(name) : 'auto');
  const format = said('format');
  const codec = call.has('format.codec') ? call.text('format.codec') : said('codec');
  const extension = format === 'auto' ? 'mp4' : format;
  if (extension !== 'mp4' && extension !== 'mkv' && extension !== 'webm')
    throw new PyError('ValueError', `'${format}' is not a valid VideoContainer`);
  if (!['auto', 'h264', 'av1'].includes(codec)) throw new PyError('ValueError', `'${codec}' is not a valid VideoCodec`);
  const crf = call.has('format.codec.encoding.crf') ? call.float('format.codec.encoding.crf') : undefined;
  const isAv1 = codec === 'av1' || (codec === 'auto' && extension === 'webm');
  return {
    extension,
    options: isAv1 ? webmOptions('av1', crf ?? 30) : [...mp4Options, '-crf', String(crf ?? 23)],
    soundOptions: ['-c:a', extension === 'webm' ? 'libopus' : 'aac'],
  };
}

export const saveVideo: NodeBehaviour = {
  async run(call) {
    const video = call.value('video', VideoValue);
    const container = containerOf(call);
    const { pictures, framesPerSecond, sound } = await video.parts();
    const [width, height] = [pictures[0]?.width ?? 0, pictures[0]?.height ?? 0];
    const target = nextSavePath(
      call.runtime.folders,
      'output',
      call.text('filename_prefix'),
      width,
      height,
      new Date(),
    );
    const filename = `${target.fileName}_${String(target.counter).padStart(5, '0')}_.${container.extension}`;
    const file = path.join(target.folder, filename);
    const place = filmPlace(call, noCodecs);
    if (video.file !== undefined && path.extname(video.file) === `.${container.extension}`) {
      // A film that nobody changed is not encoded again.
      await runFfmpeg(
        {
          inputs: [{ format: ffmpegFormatOf(video.file), from: { file: video.file } }],
          options: ['-c', 'copy', '-map', '0'],
          output: { file },
        },
        place,
      ).catch((error: unknown) => {
        throw codecFailure(error);
      });
    } else {
      await call.runtime.work((encodingCost * width * height * pictures.length) / 1_000_000);
      await encode(
        pictures,
        {
          path: file,
          width,
          height,
          framesPerSecond,
          options: container.options,
          texts: metadataTexts(call),
          ...(sound === undefined ? {} : { sound: { sound, options: container.soundOptions } }),
        },
        place,
      );
    }
    return { outputs: [video], ui: savedFilm(filename, target.subfolder) };
  },
};

const savedFilm = (filename: string, subfolder: string): PyDict =>
  dict({ images: [dict({ filename, subfolder, type: 'output' })], animated: [true] });

export const saveWebm: NodeBehaviour = {
  async run(call) {
    const images = call.value('images', ImageValue);
    const codec = call.text('codec');
    if (codec !== 'vp9' && codec !== 'av1') throw keyError(codec);
    const [width, height] = [images.pictures[0]?.width ?? 0, images.pictures[0]?.height ?? 0];
    const target = nextSavePath(
      call.runtime.folders,
      'output',
      call.text('filename_prefix'),
      width,
      height,
      new Date(),
    );
    const filename = `${target.fileName}_${String(target.counter).padStart(5, '0')}_.webm`;
    await call.runtime.work((encodingCost * width * height * images.pictures.length) / 1_000_000);
    await encode(
      images.pictures,
      {
        path: path.join(target.folder, filename),
        width,
        height,
        framesPerSecond: call.float('fps'),
        options: webmOptions(codec, call.float('crf')),
        texts: metadataTexts(call),
      },
      filmPlace(call, noCodecs),
    );
    return { outputs: [images], ui: savedFilm(filename, target.subfolder) };
  },
};
