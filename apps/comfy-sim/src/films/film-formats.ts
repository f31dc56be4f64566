import { toBt709 } from './film-encoder';

/** What a node posted for a format, as text; what it left out is a default. */
export type Widgets = (name: string, fallback: string) => string;

/**
 * One way of VHS_VideoCombine to write a film with ffmpeg. Codecs, defaults and extensions are those of the pack's
 * format files.
 */
export interface FilmFormat {
  readonly extension: string;
  /** Filters that every frame passes. Empty where pictures stay RGB. */
  readonly filter: string;
  options(widgets: Widgets): readonly string[];
  /** For the file with sound beside the silent one. */
  readonly soundOptions: readonly string[];
  /** Hardware of NVIDIA that this needs. */
  readonly nvenc?: 'h264' | 'hevc' | 'av1';
  /** Both sides are filled up to a multiple of this. */
  readonly alignment: number;
  /** Seconds per megapixel that the machine takes to encode. */
  readonly cost: number;
  readonly savesMetadata: boolean;
}

const usual = {
  filter: toBt709,
  soundOptions: ['-c:a', 'aac'],
  alignment: 2,
  cost: 0.02,
  savesMetadata: true,
} as const;

/** A fast preset: what looks like a render is not one, and nobody waits for the last percent of its size. */
const x264 = ['-c:v', 'libx264', '-preset', 'veryfast'];
const x265 = [
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-x265-params',
  'log-level=error:pools=none:frame-threads=1',
  '-tag:v',
  'hvc1',
];
const vp9 = ['-c:v', 'libvpx-vp9', '-b:v', '0', '-deadline', 'realtime', '-cpu-used', '8', '-auto-alt-ref', '0'];
const av1 = ['-c:v', 'libaom-av1', '-strict', 'experimental', '-b:v', '0', '-cpu-used', '8'];
const withTexts = ['-movflags', 'use_metadata_tags'];

const proresProfiles: Record<string, string> = { lt: '1', standard: '2', hq: '3', 4444: '4', '4444xq': '5' };

/** A card of NVIDIA encodes by itself; here the processor does its part. */
const nvenc = (kind: 'h264' | 'hevc' | 'av1', encoder: readonly string[]): FilmFormat => ({
  ...usual,
  extension: 'mp4',
  nvenc: kind,
  cost: 0.004,
  options: (widgets) => [
    ...encoder,
    '-pix_fmt',
    widgets('pix_fmt', 'yuv420p') === 'p010le' ? 'yuv420p10le' : 'yuv420p',
    '-b:v',
    `${widgets('bitrate', '10')}${widgets('megabit', 'True') === 'True' ? 'M' : 'K'}`,
    ...withTexts,
  ],
});

const pngs = (pixelFormat: string): FilmFormat => ({
  ...usual,
  extension: '%03d.png',
  filter: '',
  alignment: 1,
  savesMetadata: false,
  options: () => ['-f', 'image2', '-c:v', 'png', '-pix_fmt', pixelFormat],
});

export const filmFormats: Record<string, FilmFormat> = {
  'h264-mp4': {
    ...usual,
    extension: 'mp4',
    options: (widgets) => [
      ...x264,
      '-pix_fmt',
      widgets('pix_fmt', 'yuv420p'),
      '-crf',
      widgets('crf', '19'),
      ...withTexts,
    ],
  },
  'h265-mp4': {
    ...usual,
    extension: 'mp4',
    cost: 0.06,
    options: (widgets) => [
      ...x265,
      '-pix_fmt',
      widgets('pix_fmt', 'yuv420p10le'),
      '-crf',
      widgets('crf', '22'),
      ...withTexts,
    ],
  },
  webm: {
    ...usual,
    extension: 'webm',
    cost: 0.06,
    soundOptions: ['-c:a', 'libvorbis'],
    options: (widgets) => [...vp9, '-pix_fmt', widgets('pix_fmt', 'yuv420p'), '-crf', widgets('crf', '20')],
  },
  'av1-webm': {
    ...usual,
    extension: 'webm',
    cost: 0.2,
    soundOptions: ['-c:a', 'libopus'],
    options: (widgets) => [...av1, '-pix_fmt', widgets('pix_fmt', 'yuv420p10le'), '-crf', widgets('crf', '23')],
  },
  ProRes: {
    ...usual,
    extension: 'mov',
    soundOptions: ['-c:a', 'pcm_s16le'],
    savesMetadata: false,
    options(widgets) {
      const profile = widgets('profile', 'hq');
      return [
        '-c:v',
        'prores_ks',
        '-profile:v',
        proresProfiles[profile] ?? '3',
        '-pix_fmt',
        profile.startsWith('4444') ? 'yuv444p10le' : 'yuv422p10le',
      ];
    },
  },
  'ffv1-mkv': {
    ...usual,
    extension: 'mkv',
    filter: '',
    alignment: 1,
    soundOptions: ['-c:a', 'flac'],
    options: (widgets) => [
      '-c:v',
      'ffv1',
      '-level',
      widgets('level', '3'),
      '-coder',
      widgets('coder', '1'),
      '-context',
      widgets('context', '1'),
      '-g',
      widgets('gop_size', '1'),
      '-slices',
      widgets('slices', '16'),
      '-slicecrc',
      widgets('slicecrc', '1'),
      '-pix_fmt',
      widgets('pix_fmt', 'rgba64le'),
    ],
  },
  'ffmpeg-gif': {
    ...usual,
    extension: 'gif',
    filter: '',
    alignment: 1,
    savesMetadata: false,
    options: (widgets) => [
      '-filter_complex',
      `[0:v]split[a][b];[a]palettegen=reserve_transparent=on:transparency_color=ffffff[p];` +
        `[b][p]paletteuse=dither=${widgets('dither', 'sierra2_4a')}`,
    ],
  },
  'nvenc_h264-mp4': nvenc('h264', x264),
  'nvenc_hevc-mp4': nvenc('hevc', x265),
  'nvenc_av1-mp4': nvenc('av1', av1),
  '8bit-png': pngs('rgb24'),
  '16bit-png': pngs('rgb48be'),
};

/** Of the core nodes. */
export const mp4Options = [...x264, '-pix_fmt', 'yuv420p', ...withTexts, '-vf', toBt709];
export const webmOptions = (codec: 'vp9' | 'av1', crf: number): string[] => [
  ...(codec === 'vp9' ? vp9 : av1),
  '-pix_fmt',
  codec === 'av1' ? 'yuv420p10le' : 'yuv420p',
  '-crf',
  String(crf),
  '-vf',
  toBt709,
];
