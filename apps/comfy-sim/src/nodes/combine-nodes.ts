import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { animatedGif, animatedWebp } from '../films/animated-pictures';
import { EncoderFailed, FilmEncoder, runFfmpeg } from '../films/film-encoder';
import { ffmpegFormatOf } from '../films/film-reader';
import { filmFormats, type FilmFormat, type Widgets } from '../films/film-formats';
import { nextSavePath, type SavePath } from '../files/save-path';
import type { Picture } from '../pictures/picture';
import { withText } from '../pictures/png';
import { PyError } from '../python/errors';
import { dumpJson } from '../python/json';
import { str } from '../python/text';
import { PyFloat, dict, type PyDict, type PyValue } from '../python/values';
import { filmPlace, metadataTexts } from './film-place';
import { SoundValue } from './media-values';
import type { NodeBehaviour, NodeCall, NodeResult } from './node-behaviour';
import { ImageValue } from './node-value';
import { UnopenedEncoder } from './unopened-encoder';

/** Seconds per megapixel of a picture in an animation. */
const animationCost = 0.05;
const megapixel = 1_000_000;

export const videoCombine: NodeBehaviour = {
  functionName: 'VideoCombine.combine_video',
  async run(call) {
    const { pictures } = call.value('images', ImageValue);
    const saves = call.flag('save_output');
    const [first] = pictures;
    if (first === undefined) return { outputs: [[saves, []]] };
    const kind = saves ? 'output' : 'temp';
    const target = nextSavePath(call.runtime.folders, kind, call.text('filename_prefix'), 0, 0, new Date());
    const base = `${target.fileName}_${String(freeNumber(target)).padStart(5, '0')}`;
    const inFolder = (name: string): string => path.join(target.folder, name);
    writeFileSync(
      inFolder(`${base}.png`),
      withText(await first.png(4), new Map([...metadataTexts(call), ['CreationTime', isoSeconds(new Date())]])),
    );
    const format = call.text('format');
    const files = format.startsWith('image/')
      ? [await combineAnimation(call, pictures, base, inFolder)]
      : await combineFilm(call, pictures, base, inFolder);
    const filename = files.at(-1) ?? '';
    const entry = dict({
      filename,
      subfolder: target.subfolder,
      type: kind,
      format,
      frame_rate: new PyFloat(call.float('frame_rate')),
      workflow: `${base}.png`,
      fullpath: inFolder(filename),
    });
    if (pictures.length === 1 && format.includes('png') && filename.includes('%03d')) showSinglePng(entry);
    return result(saves, [`${base}.png`, ...files].map(inFolder), entry);
  },
};

const result = (saves: boolean, files: PyValue[], entry: PyDict): NodeResult => ({
  outputs: [[saves, files]],
  ui: dict({ gifs: [entry] }),
});

function showSinglePng(entry: PyDict): void {
  entry.set('format', 'image/png');
  entry.set('filename', String(entry.get('filename')).replace('%03d', '001'));
}

const isoSeconds = (date: Date): string => date.toISOString().slice(0, 19).replace('T', ' ');

/**
 * Not the counter of other nodes: it also counts `name_00001.mp4` and `name_00001-audio.mp4`, and starts beside them.
 */
function freeNumber({ folder, fileName }: SavePath): number {
  mkdirSync(folder, { recursive: true });
  const numbers = readdirSync(folder).map((name) => {
    const isOurs = name.slice(0, fileName.length + 1).toLowerCase() === `${fileName.toLowerCase()}_`;
    return isOurs ? Number(/^(\d+)\D*\..+$/.exec(name.slice(fileName.length + 1))?.[1] ?? 0) : 0;
  });
  return Math.max(0, ...numbers) + 1;
}

function inOrder(call: NodeCall, pictures: readonly Picture[]): readonly Picture[] {
  return call.flag('pingpong') ? [...pictures, ...pictures.slice(1, -1).reverse()] : pictures;
}

/** Frames are counted as they are handed to the encoder. */
async function step(call: NodeCall, picture: Picture, done: number, all: number, cost: number): Promise<void> {
  await call.runtime.work((cost * picture.width * picture.height) / megapixel);
  await call.runtime.tick(done, all);
}

async function combineAnimation(
  call: NodeCall,
  images: readonly Picture[],
  base: string,
  inFolder: (name: string) => string,
): Promise<string> {
  const kind = call.text('format') === 'image/gif' ? 'gif' : 'webp';
  const pictures = inOrder(call, images);
  for (const [index, picture] of pictures.entries())
    await step(call, picture, index + 1, pictures.length, animationCost);
  const animation = { framesPerSecond: call.float('frame_rate'), loops: call.int('loop_count') };
  const lossless = !call.has('lossless') || call.flag('lossless');
  const bytes =
    kind === 'gif'
      ? await animatedGif(pictures, animation)
      : await animatedWebp(pictures, animation, { lossless, quality: 80 });
  writeFileSync(inFolder(`${base}.${kind}`), bytes);
  return `${base}.${kind}`;
}

const noFfmpeg = (): PyError =>
  new PyError(
    'ProcessLookupError',
    'ffmpeg is required for video outputs and could not be found.\nInstall it, ' +
      'or point FFMPEG_PATH of the simulator to it.',
  );

async function combineFilm(
  call: NodeCall,
  images: readonly Picture[],
  base: string,
  inFolder: (name: string) => string,
): Promise<string[]> {
  const place = filmPlace(call, noFfmpeg);
  const name = call.text('format').slice('video/'.length);
  const format = filmFormats[name];
  if (format === undefined)
    throw new PyError('FileNotFoundError', `[Errno 2] No such file or directory: '${name}.json'`);
  const pictures = inOrder(call, images).map((picture) => picture.aligned(format.alignment));
  const [first] = pictures;
  if (first === undefined) return [];
  if (images[0]?.width !== first.width || images[0].height !== first.height) {
    call.runtime.log('Output images were not of valid resolution and have had padding applied');
  }
  const file = `${base}.${format.extension}`;
  const rate = call.float('frame_rate');
  const film = {
    path: inFolder(file),
    width: first.width,
    height: first.height,
    framesPerSecond: rate,
    options: optionsOf(call, format, images.length),
    texts:
      format.savesMetadata && widgetsOf(call)('save_metadata', 'True') === 'True'
        ? new Map([['comment', commentOf(call)]])
        : new Map<string, string>(),
  };
  await encode(call, format, film, place, pictures);
  const sound = call.inputs.get('audio');
  if (!(sound instanceof SoundValue)) return [file];
  const loud = `${base}-audio.${format.extension}`;
  const seconds = (pictures.length * (1 + call.int('loop_count'))) / rate;
  await addSound(call, format, place, sound, { silent: inFolder(file), loud: inFolder(loud), seconds });
  return [file, loud];
}

async function encode(
  call: NodeCall,
  format: FilmFormat,
  film: Parameters<typeof FilmEncoder.open>[0],
  place: ReturnType<typeof filmPlace>,
  pictures: readonly Picture[],
): Promise<void> {
  const encoder = UnopenedEncoder.standsFor(format, call.runtime.card.profile)
    ? new UnopenedEncoder(format, film.path)
    : FilmEncoder.open(film, place);
  try {
    for (const [index, picture] of pictures.entries()) {
      await step(call, picture, index + 1, pictures.length, format.cost);
      await encoder.write(await picture.pixels());
    }
    await encoder.close();
  } catch (error) {
    await encoder.abandon();
    if (error instanceof EncoderFailed)
      throw new PyError('Exception', `An error occurred in the ffmpeg subprocess:\n${error.message}`);
    throw error;
  }
  if (encoder instanceof UnopenedEncoder) call.runtime.log(encoder.complaint);
}

/** The film again, with its sound. Short sound is filled up with silence, unless the film is to end with it. */
async function addSound(
  call: NodeCall,
  format: FilmFormat,
  place: ReturnType<typeof filmPlace>,
  { sound }: SoundValue,
  { silent, loud, seconds }: { silent: string; loud: string; seconds: number },
): Promise<void> {
  const ending =
    widgetsOf(call)('trim_to_audio', 'False') === 'True'
      ? ['-t', String(Math.min(seconds, sound.seconds))]
      : ['-af', 'apad', '-t', String(seconds)];
  await runFfmpeg(
    {
      inputs: [
        { format: ffmpegFormatOf(silent), from: { file: silent } },
        { ...sound.ffmpegInput, from: 'stdin' },
      ],
      options: ['-c:v', 'copy', ...format.soundOptions, ...ending],
      output: { file: loud },
      stdin: sound.interleaved(),
    },
    place,
  ).catch((error: unknown) => {
    throw error instanceof EncoderFailed
      ? new PyError('Exception', `An error occured in the ffmpeg subprocess:\n${error.message}`)
      : error;
  });
}

function optionsOf(call: NodeCall, format: FilmFormat, frames: number): string[] {
  const loops = call.int('loop_count');
  const filters = [
    ...(loops > 0 ? [`loop=loop=${loops}:size=${frames}`] : []),
    ...(format.filter === '' ? [] : [format.filter]),
  ];
  const options = format.options(widgetsOf(call));
  return [
    ...options,
    ...(filters.length === 0 || options.includes('-filter_complex') ? [] : ['-vf', filters.join(',')]),
  ];
}

/** What a format asks for comes as plain inputs beside the others. */
function widgetsOf(call: NodeCall): Widgets {
  return (name, fallback) => {
    const posted = call.inputs.get(name);
    return posted === undefined ? fallback : str(posted as PyValue);
  };
}

/** One JSON object in which the prompt is a string once more. */
const commentOf = (call: NodeCall): string => dumpJson(dict(Object.fromEntries(metadataTexts(call))));
