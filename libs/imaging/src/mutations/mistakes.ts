/** A mistake of `mutations.json` as it would stand in our code. */
export interface Mistake {
  /** As the vector files name it. */
  readonly name: string;
  /** Entries of `mutations.json` with this name and one of these tests count as applied. */
  readonly tests: readonly string[];
  readonly file: string;
  /** Exact text, found once; several edits for mistakes that have to be made in two places. */
  readonly edits: readonly (readonly [find: string, replace: string])[];
  /** Vector spec that must turn red, and optionally the tests of it to run. */
  readonly spec: string;
  readonly only?: string;
}

const mistake = (
  name: string,
  tests: string | readonly string[],
  file: string,
  spec: string,
  edits: Mistake['edits'],
  only?: string,
): Mistake => ({
  name,
  tests: typeof tests === 'string' ? [tests] : tests,
  file,
  edits,
  spec,
  ...(only === undefined ? {} : { only }),
});

const planes = 'model-input/planes.ts';
const order = 'plane[at] = table[data[from]!]!';
/** Applied to the one function that lays all planes out, and seen through each family of networks. */
const bgr: Mistake['edits'] = [
  [
    'planes.subarray(channel * count, (channel + 1) * count)',
    'planes.subarray((2 - channel) * count, (3 - channel) * count)',
  ],
];
const nhwc: Mistake['edits'] = [[order, 'planes[at * 3 + channel] = table[data[from]!]!']];
const filterOf = (from: string, to: string): Mistake['edits'] => [
  [`import { pil${from} } from`, `import { pil${to} as pil${from} } from`],
];
/** In a process of its own, because sharp has no synchronous form. */
const sharpInstead = (filter: 'triangle' | 'cubic', kernel: string): Mistake['edits'] => [
  [`resize(source, size, ${filter})`, `sharpResize(source, size, '${kernel}')`],
  [
    'import { requireRaster,',
    `import { execFileSync } from 'node:child_process';
const sharpResize = <C extends number>(s: Raster<C>, t: PixelSize, kernel: string): Raster<C> => ({ ...t, channels: \
s.channels, data: new Uint8Array(execFileSync(process.execPath, ['-e', \`const c=[];process.stdin.on('data',(d)=>c.\
push(d)).on('end',async()=>process.stdout.write(await require('sharp')(Buffer.concat(c),{raw:{width:\${s.width},\
height:\${s.height},channels:\${s.channels}}}).resize(\${t.width},\${t.height},{kernel:'\${kernel}',fit:'fill'}).\
raw().toBuffer()))\`], { input: s.data, maxBuffer: 1e9 })) });
import { requireRaster,`,
  ],
];

const gate = (name: string, from: string, to: string): Mistake =>
  mistake(name, 'gates', 'gates/gate.ts', '15-gates', [[from, to]], 'gates threshold');
const strictly: readonly [string, string] = [
  "'>': (value, limit) => value > limit",
  "'>': (value, limit) => value >= limit",
];

export const mistakes: readonly Mistake[] = [
  // Resampling
  mistake(
    'bilinear replaced by bicubic',
    'resample',
    'resample/pillow.ts',
    '01-resample',
    [['resize(source, size, triangle)', 'resize(source, size, cubic)']],
    'pillow .*(lineart_1024x1024_384_bilinear|lineart_7x5_112_bilinear)$',
  ),
  mistake(
    'bilinear replaced by lanczos',
    'resample',
    'resample/pillow.ts',
    '01-resample',
    [['resize(source, size, triangle)', 'resize(source, size, lanczos)']],
    'pillow .*lineart_1024x1024_384_bilinear$',
  ),
  mistake(
    'bicubic replaced by bilinear',
    'resample',
    'resample/pillow.ts',
    '01-resample',
    [['resize(source, size, cubic)', 'resize(source, size, triangle)']],
    'pillow .*lineart_1280x720_448_bicubic$',
  ),
  mistake(
    'bicubic replaced by lanczos',
    'resample',
    'resample/pillow.ts',
    '01-resample',
    [['resize(source, size, cubic)', 'resize(source, size, lanczos)']],
    'pillow .*lineart_1280x720_448_bicubic$',
  ),
  mistake(
    'Pillow bilinear (antialiased) used for cv2 INTER_LINEAR',
    'resample opencv',
    'resample/opencv.ts',
    '01-resample',
    [
      ['  return interpolate(source, target);', '  return pilBilinear(source, target);'],
      ['import { roundHalfEven }', "import { pilBilinear } from './pillow';\nimport { roundHalfEven }"],
    ],
    'opencv .*cv_lineart_1024x768_640x480$',
  ),
  mistake(
    'antialias=True instead of False',
    'resample torch',
    'resample/torch.ts',
    '01-resample',
    [
      [
        'resize(source, target, bilinearAxis)',
        '({ ...target, data: Float32Array.from(pilBilinear(source, target).data) })',
      ],
      ['import { requireRaster', "import { pilBilinear } from './pillow';\nimport { requireRaster"],
    ],
    'torch .*dino_bilinear_224_lineart_640x360$',
  ),
  mistake(
    'Pillow bicubic (a=-0.5, antialiased, 8 bit) for torch bicubic (a=-0.75)',
    'resample torch',
    'resample/torch.ts',
    '01-resample',
    [
      [
        'resize(source, target, bicubicAxis)',
        '({ ...target, data: Float32Array.from(pilBicubic(source, target).data) })',
      ],
      ['import { requireRaster', "import { pilBicubic } from './pillow';\nimport { requireRaster"],
    ],
    'torch .*clip_bicubic_224_lineart_640x360$',
  ),
  ...(['bilinear', 'bicubic'] as const).flatMap((name) => {
    const filter = name === 'bilinear' ? 'triangle' : 'cubic';
    const only =
      name === 'bilinear'
        ? 'pillow .*(lineart_1024x1024_384|lineart_7x5_112)_bilinear$'
        : 'pillow .*lineart_1280x720_448_bicubic$';
    const kernel = name === 'bilinear' ? 'linear' : 'cubic';
    return [
      mistake(
        `sharp.resize(${kernel}) instead of the port`,
        'resample',
        'resample/pillow.ts',
        '01-resample',
        sharpInstead(filter, kernel),
        only,
      ),
      mistake(
        'sharp.resize(default lanczos3) instead of the port',
        'resample',
        'resample/pillow.ts',
        '01-resample',
        sharpInstead(filter, 'lanczos3'),
        only,
      ),
    ];
  }),
  // Planes, seen through each family
  ...(
    [
      ['ccip preprocessing', '07-ccip'],
      ['arcface', '08-arcface'],
      ['scrfd', '04-scrfd'],
      ['yolo', '06-yolo'],
      ['lpips', '09-lpips'],
      ['dino preprocessing', '11-consistency'],
    ] as const
  ).flatMap(([test, spec]) => [
    mistake('BGR instead of RGB', test, planes, spec, bgr),
    mistake(test === 'ccip preprocessing' ? 'NHWC bytes read as NCHW' : 'NHWC read as NCHW', test, planes, spec, nhwc),
  ]),
  // CCIP
  mistake('height and width swapped', 'ccip preprocessing', 'model-input/ccip.ts', '07-ccip', [
    [
      'toPlanes(pilBilinear(picture,',
      'toPlanes(pilBilinear({ ...picture, width: picture.height, height: picture.width },',
    ],
  ]),
  mistake('/255 omitted', 'ccip preprocessing', planes, '07-ccip', [['clip: { divisor: 255', 'clip: { divisor: 1']]),
  mistake('/255 applied twice', 'ccip preprocessing', planes, '07-ccip', [
    ['clip: { divisor: 255', 'clip: { divisor: 65025'],
  ]),
  mistake('ImageNet mean/std instead of CLIP', 'ccip preprocessing', 'model-input/ccip.ts', '07-ccip', [
    ['normalisations.clip', 'normalisations.imagenet'],
  ]),
  mistake('0.5/0.5 instead of CLIP', 'ccip preprocessing', 'model-input/ccip.ts', '07-ccip', [
    ['normalisations.clip', 'normalisations.half'],
  ]),
  mistake(
    'bicubic instead of bilinear',
    'ccip preprocessing',
    'model-input/ccip.ts',
    '07-ccip',
    filterOf('Bilinear', 'Bicubic'),
  ),
  mistake(
    'lanczos instead of bilinear',
    'ccip preprocessing',
    'model-input/ccip.ts',
    '07-ccip',
    filterOf('Bilinear', 'Lanczos'),
  ),
  mistake(
    'sharp.resize(linear) instead of the port',
    'ccip preprocessing',
    'resample/pillow.ts',
    '07-ccip',
    sharpInstead('triangle', 'linear'),
  ),
  mistake(
    'sharp.resize default kernel instead of the port',
    'ccip preprocessing',
    'resample/pillow.ts',
    '07-ccip',
    sharpInstead('triangle', 'lanczos3'),
  ),
  mistake('letterbox instead of squash', 'ccip preprocessing', 'model-input/ccip.ts', '07-ccip', [
    ['toPlanes(pilBilinear(picture, { width: CCIP_SIDE, height: CCIP_SIDE })', 'toPlanes(letterbox(picture)'],
    [
      'import { normalisations,',
      "import { pasteOn } from './crop';\nconst letterbox = (p: Rgb): Rgb => { const f = 384 / " +
        'Math.max(p.width, p.height); const r = pilBilinear(p, { width: Math.round(p.width * f), height: ' +
        'Math.round(p.height * f) }); return pasteOn({ width: 384, height: 384, level: 255 }, r, (384 - r.width) ' +
        '>> 1, (384 - r.height) >> 1); };\nimport { normalisations,',
    ],
  ]),
  mistake('centre crop instead of squash', 'ccip preprocessing', 'model-input/ccip.ts', '07-ccip', [
    ['pilBilinear(picture, {', 'pilBilinear(centre(picture), {'],
    [
      'import { normalisations,',
      "import { crop } from './crop';\nconst centre = (p: Rgb): Rgb => { const s = Math.min(p.width, p.height); " +
        'return crop(p, { left: (p.width - s) >> 1, top: (p.height - s) >> 1, width: ' +
        's, height: s }); };\nimport { normalisations,',
    ],
  ]),
  mistake(
    'CCIP 1-cos instead of (1-cos)/2',
    'ccip difference',
    'identity/ccip.ts',
    '07-ccip',
    [['(1 - cos) / 2));', '1 - cos));']],
    'ccip difference',
  ),
  mistake(
    'cosine without L2 normalisation (dot product)',
    'ccip difference',
    'identity/embedding.ts',
    '07-ccip',
    [['dotProduct(toUnitVector(left), toUnitVector(right))', 'dotProduct(left, right)']],
    'ccip difference',
  ),
  mistake(
    'reference merge: mean of raw vectors instead of normalised',
    'ccip merge',
    'identity/ccip.ts',
    '07-ccip',
    [['toUnitVector(vector).forEach(', 'vector.forEach(']],
    'ccip references',
  ),
  // ArcFace and alignment
  mistake('std 128 instead of 127.5', 'arcface', planes, '08-arcface', [
    [
      'arcface: { divisor: 1, mean: same(127.5), std: same(127.5)',
      'arcface: { divisor: 1, mean: same(127.5), std: same(128)',
    ],
  ]),
  mistake('mean 128 instead of 127.5', 'arcface', planes, '08-arcface', [
    ['arcface: { divisor: 1, mean: same(127.5)', 'arcface: { divisor: 1, mean: same(128)'],
  ]),
  mistake('/255 instead of (x-127.5)/127.5', 'arcface', planes, '08-arcface', [
    [
      'arcface: { divisor: 1, mean: same(127.5), std: same(127.5)',
      'arcface: { divisor: 255, mean: same(0), std: same(1)',
    ],
  ]),
  mistake('normalisation omitted', 'arcface', planes, '08-arcface', [
    [
      'arcface: { divisor: 1, mean: same(127.5), std: same(127.5)',
      'arcface: { divisor: 1, mean: same(0), std: same(1)',
    ],
  ]),
  mistake('baked Sub/Mul graph fed normalised input', 'arcface', 'model-input/arcface.ts', '08-arcface', [
    ['normalisations.raw', 'normalisations.arcface'],
  ]),
  mistake('eyes (and mouth corners) swapped', 'arcface end to end', 'identity/alignment.ts', '08-arcface', [
    [
      '  [38.2946, 51.6963],\n  [73.5318, 51.5014],\n  [56.0252, 71.7366],\n  ' +
        '[41.5493, 92.3655],\n  [70.7299, 92.2041],',
      '  [73.5318, 51.5014],\n  [38.2946, 51.6963],\n  [56.0252, 71.7366],\n  ' +
        '[70.7299, 92.2041],\n  [41.5493, 92.3655],',
    ],
  ]),
  mistake('landmarks half a pixel off', 'arcface end to end', 'identity/alignment.ts', '08-arcface', [
    ['to[0] - a * from[0] + b * from[1]', 'to[0] - a * (from[0] + 0.5) + b * (from[1] + 0.5)'],
    ['to[1] - b * from[0] - a * from[1]', 'to[1] - b * (from[0] + 0.5) - a * (from[1] + 0.5)'],
  ]),
  mistake(
    'similarity without L2 normalisation',
    'arcface',
    'identity/embedding.ts',
    '08-arcface',
    [['dotProduct(toUnitVector(left), toUnitVector(right))', 'dotProduct(left, right)']],
    'similarity',
  ),
  mistake(
    '128 template without the 8-pixel x offset',
    'alignment',
    'identity/alignment.ts',
    '03-alignment',
    [['unit === 128 ? 8 * ratio : 0', '0']],
    'matrix noisy_128',
  ),
  mistake(
    'eyes swapped',
    'alignment',
    'identity/alignment.ts',
    '03-alignment',
    [['  [38.2946, 51.6963],\n  [73.5318, 51.5014],', '  [73.5318, 51.5014],\n  [38.2946, 51.6963],']],
    'matrix noisy_112',
  ),
  mistake(
    'float bilinear instead of 1/32-pixel fixed point',
    'alignment warp',
    'resample/warp-affine.ts',
    '03-alignment',
    [
      ['const fixedX = Math.floor((rowX + columnX[x]!) / 32);', 'const fixedX = (m0 * x + m1 * y + m2) * 32;'],
      ['const fixedY = Math.floor((rowY + columnY[x]!) / 32);', 'const fixedY = (m3 * x + m4 * y + m5) * 32;'],
    ],
    'warp .*noisy_112 lcg',
  ),
  mistake(
    'inverse matrix passed',
    'alignment warp',
    'resample/warp-affine.ts',
    '03-alignment',
    [['= invert(matrix);', '= (invert(matrix), matrix);']],
    'warp .*noisy_112 lcg',
  ),
  // SCRFD
  mistake('cell centre +0.5', 'scrfd', 'detection/scrfd.ts', '04-scrfd', [
    ['const x = (cell % columns) * stride;', 'const x = ((cell % columns) + 0.5) * stride;'],
    ['const y = Math.floor(cell / columns) * stride;', 'const y = (Math.floor(cell / columns) + 0.5) * stride;'],
  ]),
  mistake('anchors grouped instead of interleaved', 'scrfd', 'detection/scrfd.ts', '04-scrfd', [
    ['const cell = Math.floor(row / anchors);', 'const cell = row % (columns * columns);'],
  ]),
  mistake('x and y of the cell swapped', 'scrfd', 'detection/scrfd.ts', '04-scrfd', [
    ['const x = (cell % columns) * stride;', 'const y = (cell % columns) * stride;'],
    ['const y = Math.floor(cell / columns) * stride;', 'const x = Math.floor(cell / columns) * stride;'],
  ]),
  mistake('strides in reverse order', 'scrfd', 'detection/scrfd.ts', '04-scrfd', [
    [
      'return decodeLevel(stride, layout.anchors',
      'return decodeLevel(layout.strides[levels - 1 - level] ?? stride, layout.anchors',
    ],
    ['outputs.scores.length !== rows ||', 'outputs.scores.length === 0 ||'],
    [
      'outputs.boxes.length !== rows * 4 ||\n    (outputs.landmarks && outputs.landmarks.length !== rows * 10)',
      'outputs.boxes.length === 0',
    ],
  ]),
  mistake('NMS without +1', ['scrfd'], 'detection/overlap.ts', '04-scrfd', [['f(f(to - from) + 1)', 'f(to - from)']]),
  mistake('NMS without +1', ['nms'], 'detection/overlap.ts', '05-nms', [['f(f(to - from) + 1)', 'f(to - from)']]),
  mistake('NMS without +1', ['yolo'], 'detection/overlap.ts', '06-yolo', [['f(f(to - from) + 1)', 'f(to - from)']]),
  mistake('IoU < threshold instead of <=', 'nms', 'detection/overlap.ts', '05-nms', [
    ['overlap(best, index) <= limit', 'overlap(best, index) < limit'],
  ]),
  mistake('score > 0.5 instead of >= 0.5', 'scrfd', 'detection/scrfd.ts', '04-scrfd', [
    ['!(score >= minScore)', '!(score > minScore)'],
  ]),
  mistake('det_scale not applied', 'scrfd', 'detection/scrfd.ts', '04-scrfd', [
    ['f(f(centre + f(strides * stride)) / scale)', 'f(f(centre + f(strides * stride)) / (scale * 0 + 1))'],
  ]),
  mistake('std 127.5 instead of 128', 'scrfd', planes, '04-scrfd', [
    [
      'scrfd: { divisor: 1, mean: same(127.5), std: same(128)',
      'scrfd: { divisor: 1, mean: same(127.5), std: same(127.5)',
    ],
  ]),
  mistake('mean 128 instead of 127.5', 'scrfd', planes, '04-scrfd', [
    ['scrfd: { divisor: 1, mean: same(127.5)', 'scrfd: { divisor: 1, mean: same(128)'],
  ]),
  mistake('squash instead of letterbox', 'scrfd', 'detection/scrfd.ts', '04-scrfd', [
    ['cvBilinear(picture, resizedTo), 0, 0)', 'cvBilinear(picture, { width: 640, height: 640 }), 0, 0)'],
  ]),
  mistake('centred padding instead of top-left', 'scrfd', 'detection/scrfd.ts', '04-scrfd', [
    [
      'cvBilinear(picture, resizedTo), 0, 0)',
      'cvBilinear(picture, resizedTo), (640 - resizedTo.width) >> 1, (640 - resizedTo.height) >> 1)',
    ],
  ]),
  mistake('Pillow bilinear instead of cv2 for the resize', 'scrfd', 'detection/scrfd.ts', '04-scrfd', [
    [
      "import { cvBilinear } from '../resample/opencv';",
      "import { pilBilinear as cvBilinear } from '../resample/pillow';",
    ],
  ]),
  // YOLO
  mistake(
    'letterbox instead of squash',
    'yolo',
    'detection/yolo.ts',
    '06-yolo',
    [
      ['toPlanes(pilBicubic(picture, size)', 'toPlanes(letterbox(picture)'],
      [
        'import { roundHalfEven }',
        "import { pasteOn } from '../model-input/crop';\nconst letterbox = (p: Rgb): Rgb => { const f = 640 / " +
          'Math.max(p.width, p.height); const r = pilBicubic(p, { width: Math.round(p.width * f), height: ' +
          'Math.round(p.height * f) }); return pasteOn({ width: 640, height: 640, ' +
          'level: 114 }, r, 0, 0); };\nimport { roundHalfEven }',
      ],
    ],
    'wide_1280x720',
  ),
  mistake('/255 omitted', 'yolo', planes, '06-yolo', [['unit: { divisor: 255', 'unit: { divisor: 1']], 'wide_1280x720'),
  mistake(
    'bilinear instead of bicubic',
    'yolo',
    'detection/yolo.ts',
    '06-yolo',
    filterOf('Bicubic', 'Bilinear'),
    'two_class|tall',
  ),
  mistake(
    'lanczos instead of bicubic',
    'yolo',
    'detection/yolo.ts',
    '06-yolo',
    filterOf('Bicubic', 'Lanczos'),
    'two_class|tall',
  ),
  mistake(
    'sharp.resize(cubic) instead of the port',
    'yolo',
    'resample/pillow.ts',
    '06-yolo',
    sharpInstead('cubic', 'cubic'),
    'tall',
  ),
  mistake(
    'one scale factor for both axes',
    'yolo',
    'detection/yolo.ts',
    '06-yolo',
    [['top: scale(top, input.height, picture.height)', 'top: scale(top, input.width, picture.width)']],
    'wide_1280x720',
  ),
  mistake(
    'one scale for both axes',
    'yolo raw',
    'detection/yolo.ts',
    '06-yolo',
    [['bottom: scale(bottom, input.height, picture.height)', 'bottom: scale(bottom, input.width, picture.width)']],
    'scale_axes',
  ),
  mistake(
    'no NMS after the end-to-end form',
    ['yolo', 'yolo raw'],
    'detection/yolo.ts',
    '06-yolo',
    [
      [
        'return suppressOverlaps(found, options.maxOverlap ?? YOLO_MAX_OVERLAP)',
        'return (dims[2] === 6 ? found.map((_, at) => at).sort((l, r) => found[r]!.score - found[l]!.score) : ' +
          'suppressOverlaps(found, options.maxOverlap ?? YOLO_MAX_OVERLAP))',
      ],
    ],
    'v10/wide|end_to_end',
  ),
  mistake(
    'score >= conf instead of >',
    'yolo raw',
    'detection/yolo.ts',
    '06-yolo',
    [['score > minScore', 'score >= minScore']],
    'conf_equal',
  ),
  mistake(
    'conf compared in double instead of float32',
    'yolo raw',
    'detection/yolo.ts',
    '06-yolo',
    [['Math.fround(options.minScore)', 'options.minScore']],
    'conf_equal',
  ),
  mistake(
    'Math.round instead of half-to-even',
    'yolo raw',
    'rounding.ts',
    '06-yolo',
    [
      [
        '  const floor = Math.floor(value);',
        '  if (Number.isFinite(value)) return Math.round(value);\n  const floor = Math.floor(value);',
      ],
    ],
    'round_half',
  ),
  mistake(
    'class-aware NMS',
    'yolo raw',
    'detection/yolo.ts',
    '06-yolo',
    [
      [
        'return suppressOverlaps(found, options.maxOverlap ?? YOLO_MAX_OVERLAP)',
        'return [...new Set(found.map((f) => f.label))].flatMap((l) => { const own = found.flatMap((f, at) => ' +
          '(f.label === l ? [at] : [])); return suppressOverlaps(own.map((at) => found[at]!), options.maxOverlap ' +
          '?? YOLO_MAX_OVERLAP).map((k) => own[k]!); })',
      ],
    ],
    'class_agnostic',
  ),
  mistake(
    'boxes not clipped',
    'yolo raw',
    'detection/yolo.ts',
    '06-yolo',
    [['Math.min(Math.max(scaled, 0), to)', 'scaled']],
    'clip_to',
  ),
  // LPIPS
  mistake(
    'LPIPS input in [0,1] instead of [-1,1]',
    'lpips',
    'perception/lpips.ts',
    '09-lpips',
    [
      [
        "img0: tensorOf(left, 'arcface'), img1: tensorOf(right, 'arcface')",
        "img0: tensorOf(left, 'unit'), img1: tensorOf(right, 'unit')",
      ],
    ],
    'lcg_64x64_other_seed',
  ),
  mistake(
    'no lin weights (plain sum over channels)',
    'lpips',
    'perception/lpips.ts',
    '09-lpips',
    [
      [
        '    const { output } = await difference.run(inputs);\n    return onlyValue(output);',
        '    void difference;\n    return [0, 1, 2, 3, 4].reduce((total, layer) => { const x = ' +
          'inputs[`feat_x_${layer}`]!; const y = inputs[`feat_y_${layer}`]!; return total + x.data.reduce((sum, ' +
          'value, at) => sum + (value - y.data[at]!) ** 2, 0) / (x.dims[2]! * x.dims[3]!); }, 0);',
      ],
    ],
    'lineart_64x64_shift2px_right_wrap',
  ),
  mistake(
    'ImageNet normalisation on top',
    'lpips',
    'perception/lpips.ts',
    '09-lpips',
    [['toPlanes(picture, normalisations[range])', 'toPlanes(picture, normalisations.imagenet)']],
    'lcg_64x64_other_seed',
  ),
  mistake(
    'native size instead of short side 256',
    'lpips temporal',
    'perception/lpips.ts',
    '09-lpips',
    [['pilBilinear(picture, lpipsSize(picture))', 'picture']],
    'temporal pan',
  ),
  mistake(
    'bicubic instead of bilinear',
    'lpips temporal',
    'perception/lpips.ts',
    '09-lpips',
    filterOf('Bilinear', 'Bicubic'),
    'temporal pan',
  ),
  mistake(
    'squash to 256x256',
    'lpips temporal',
    'perception/lpips.ts',
    '09-lpips',
    [['pilBilinear(picture, lpipsSize(picture))', 'pilBilinear(picture, { width: 256, height: 256 })']],
    'temporal pan',
  ),
  mistake(
    'long side not made even',
    'lpips temporal',
    'perception/lpips.ts',
    '09-lpips',
    [['2 * Math.floor((side * LPIPS_SHORT_SIDE) / short / 2 + 0.5)', 'Math.round((side * LPIPS_SHORT_SIDE) / short)']],
    'temporal pan',
  ),
  mistake(
    'p95 by nearest rank instead of linear',
    'lpips temporal',
    'statistics/percentile.ts',
    '09-lpips',
    [
      [
        '(sorted[Math.min(below + 1, sorted.length - 1)]! - low) * (position - below)',
        '(sorted[Math.round(position)]! - low)',
      ],
    ],
    'temporal pan',
  ),
  // Smoothness
  mistake('rounding instead of truncation', 'motion smoothness', 'motion/smoothness.ts', '10-smoothness', [
    ['Math.trunc(Math.min(255', 'Math.round(Math.min(255'],
  ]),
  mistake('odd and even frames swapped', 'motion smoothness', 'motion/smoothness.ts', '10-smoothness', [
    [
      'interpolate(frames[2 * pair]!, frames[2 * pair + 2]!)',
      'interpolate(frames[2 * pair + 1]!, frames[2 * pair + 1]!)',
    ],
    ['meanAbsoluteDifference(expected, frames[2 * pair + 1]!)', 'meanAbsoluteDifference(expected, frames[2 * pair]!)'],
  ]),
  mistake(
    'zero padding instead of replicate',
    'motion smoothness',
    'motion/smoothness.ts',
    '10-smoothness',
    [
      [
        '      const from = (inside(',
        '      if (y < top || x < left || y - top >= frame.height || x - left >= ' +
          'frame.width) continue;\n      const from = (inside(',
      ],
    ],
    'roll_9x61x97',
  ),
  mistake('padding at the end instead of centred', 'motion smoothness', 'motion/smoothness.ts', '10-smoothness', [
    ['Math.floor((padded(width) - width) / 2)', '0'],
    ['Math.floor((padded(height) - height) / 2)', '0'],
  ]),
  mistake(
    'held frames not collapsed',
    'motion smoothness',
    'motion/holds.ts',
    '10-smoothness',
    [['  let start = 0;\n', '  if (runLengths.length > 0) return [...frames];\n  let start = 0;\n']],
    'holds',
  ),
  // DINO
  mistake(
    'DINO without the first-frame term',
    'frame consistency',
    'continuity/consistency.ts',
    '11-consistency',
    [['(adjacent[index]! + alike(units[0]!, unit)) / 2', 'adjacent[index]!']],
    'frame consistency',
  ),
  mistake(
    'DINO without the clamp at 0',
    'frame consistency',
    'continuity/consistency.ts',
    '11-consistency',
    [['Math.max(0, dotProduct(left, right))', 'dotProduct(left, right)']],
    'recipe',
  ),
  mistake(
    'DINO missing L2 normalisation',
    'frame consistency',
    'continuity/consistency.ts',
    '11-consistency',
    [['? toUnitVector(embedding)', '? Float64Array.from(embedding)']],
    'clip of',
  ),
  mistake(
    'DINO patch mean instead of CLS',
    'frame consistency',
    'continuity/consistency.ts',
    '11-consistency',
    [['return hiddenState.slice(0, dimensions);', 'return hiddenState.slice(dimensions, 2 * dimensions);']],
    'dino network',
  ),
  mistake(
    'pairs also averaged over N instead of N-1',
    'frame consistency',
    'continuity/consistency.ts',
    '11-consistency',
    [['score: mean(perFrame)', 'score: (mean(perFrame) * perFrame.length) / units.length']],
    'recipe',
  ),
  mistake(
    'bilinear instead of bicubic',
    'dino preprocessing',
    'model-input/dino.ts',
    '11-consistency',
    filterOf('Bicubic', 'Bilinear'),
  ),
  mistake(
    'lanczos instead of bicubic',
    'dino preprocessing',
    'model-input/dino.ts',
    '11-consistency',
    filterOf('Bicubic', 'Lanczos'),
  ),
  mistake('squash instead of crop', 'dino preprocessing', 'model-input/dino.ts', '11-consistency', [
    ['pilBicubic(picture, shortSideTarget(picture, 256))', 'pilBicubic(picture, { width: 224, height: 224 })'],
  ]),
  mistake('CLIP mean/std instead of ImageNet', 'dino preprocessing', 'model-input/dino.ts', '11-consistency', [
    ['toPlanes(dinoCrop(picture), normalisations.imagenet)', 'toPlanes(dinoCrop(picture), normalisations.clip)'],
  ]),
  mistake(
    'torchvision CenterCrop offset (round half to even)',
    'dino preprocessing',
    'model-input/dino.ts',
    '11-consistency',
    [['Math.floor((side - DINO_SIDE) / 2)', 'roundHalfEven((side - DINO_SIDE) / 2)']],
  ),
  // SSIM
  mistake(
    'skimage defaults instead of the Wang setting',
    'ssim',
    'ssim/ssim.ts',
    '12-ssim',
    [['gaussian(1.5, 5)', 'uniform(7)']],
    'lineart_64x48',
  ),
  // WD tagger
  mistake('RGB instead of BGR', 'wd tagger', 'model-input/wd-tagger.ts', '13-wd', [
    ['values[at] = data[at + 2]!', 'values[at] = data[at]!'],
    ['values[at + 2] = data[at]!', 'values[at + 2] = data[at + 2]!'],
  ]),
  mistake('/255 added', 'wd tagger', 'model-input/wd-tagger.ts', '13-wd', [
    ['  return values;', '  return values.map((value) => value / 255);'],
  ]),
  mistake('NCHW read as NHWC', 'wd tagger', 'model-input/wd-tagger.ts', '13-wd', [
    [
      '  return values;',
      '  return Float32Array.from(values, (_, at) => values[(at % (448 * 448)) * 3 + Math.floor(at / (448 * 448))]!);',
    ],
  ]),
  mistake('padding at the end instead of centred', 'wd tagger', 'model-input/wd-tagger.ts', '13-wd', [
    ['Math.floor((side - picture.width) / 2)', '0'],
    ['Math.floor((side - picture.height) / 2)', '0'],
  ]),
  mistake('black padding instead of white', 'wd tagger', 'model-input/wd-tagger.ts', '13-wd', [
    ['level: 255', 'level: 0'],
  ]),
  mistake('squash instead of padding', 'wd tagger', 'model-input/wd-tagger.ts', '13-wd', [
    ['picture.width === picture.height\n', 'picture.width > 0\n'],
    ['side === WD_SIDE ? square', 'side === 0 ? square'],
  ]),
  mistake(
    'bilinear instead of bicubic',
    'wd tagger',
    'model-input/wd-tagger.ts',
    '13-wd',
    filterOf('Bicubic', 'Bilinear'),
  ),
  mistake(
    'lanczos instead of bicubic',
    'wd tagger',
    'model-input/wd-tagger.ts',
    '13-wd',
    filterOf('Bicubic', 'Lanczos'),
  ),
  mistake(
    'p >= tau instead of >',
    'wd thresholds',
    'tags/vocabulary.ts',
    '13-wd',
    [['probabilities[index]! > thresholds[category]', 'probabilities[index]! >= thresholds[category]']],
    'threshold',
  ),
  mistake(
    'thresholds compared in float32 instead of double',
    'wd thresholds',
    'tags/vocabulary.ts',
    '13-wd',
    [['probabilities[index]! > thresholds[category]', 'probabilities[index]! > Math.fround(thresholds[category])']],
    'threshold',
  ),
  // Decoding
  mistake('alpha over black instead of white', 'decode', 'decode.ts', '02-decode', [
    ['255 * (255 - alpha) + 128', '128'],
  ]),
  mistake('alpha dropped (hidden colour shown)', 'decode', 'decode.ts', '02-decode', [
    ['rgba[from + channel]! * alpha + white', 'rgba[from + channel]! * 255 + white * 0'],
  ]),
  mistake(
    'EXIF orientation ignored',
    'decode',
    'decode.ts',
    '02-decode',
    [['pipeline.autoOrient().', 'pipeline.']],
    'exif6',
  ),
  mistake(
    'EXIF mirror ignored',
    'decode',
    'decode.ts',
    '02-decode',
    [['pipeline.autoOrient().', 'pipeline.']],
    'exif2',
  ),
  mistake(
    'ICC profile applied',
    'decode',
    'decode.ts',
    '02-decode',
    [
      [
        'openPicture(source, limits, { ignoreIcc: true });\n  // Judging',
        'openPicture(source, limits, { ignoreIcc: false });\n  // Judging',
      ],
    ],
    'icc',
  ),
  // Gates
  mistake(
    'not_computed treated as 0',
    'gates',
    'gates/gate.ts',
    '15-gates',
    [["results.includes('fail')", "results.includes('fail') || results.includes('not_computed')"]],
    'truth table',
  ),
  mistake(
    'not_computed treated as 1',
    'gates',
    'gates/gate.ts',
    '15-gates',
    [
      [
        "results.includes('not_computed') || !results.includes('pass')",
        "!results.includes('pass') && !results.includes('not_computed')",
      ],
    ],
    'truth table',
  ),
  mistake(
    'not_computed dropped',
    'gates',
    'gates/gate.ts',
    '15-gates',
    [["results.includes('not_computed') || !results.includes('pass')", "!results.includes('pass')"]],
    'truth table',
  ),
  mistake(
    'NaN passes (comparison written as !(x <= t))',
    'gates',
    'gates/gate.ts',
    '15-gates',
    [["if (score.state !== 'computed') return score.state;", "if (score.state !== 'computed') return 'pass';"]],
    'gates threshold',
  ),
  mistake(
    'phase 1 denominator without not_computed',
    'gates',
    'gates/gate.ts',
    '15-gates',
    [['const total = passed + failed + notComputed;', 'const total = passed + failed;']],
    'phase 1',
  ),
  gate('> replaced by >= for identity_ccip', ...strictly),
  gate('> replaced by >= for motion_smoothness', ...strictly),
  gate(
    '< replaced by <= for tlpips_mean',
    "'<': (value, limit) => value < limit",
    "'<': (value, limit) => value <= limit",
  ),
  ...['dino_shot', 'decoded_frames', 'coverage'].map((metric) =>
    gate(
      `>= replaced by > for ${metric}`,
      "'>=': (value, limit) => value >= limit",
      "'>=': (value, limit) => value > limit",
    ),
  ),
  gate(
    '<= replaced by < for loop_R1',
    "'<=': (value, limit) => value <= limit",
    "'<=': (value, limit) => value < limit",
  ),
  // Statistics and loop
  mistake(
    'normal approximation instead of Wilson',
    'statistics',
    'statistics/wilson.ts',
    '15-statistics',
    [
      ['const centre = (successes + square / 2) / (trials + square);', 'const centre = share;'],
      [
        '(z95 / (trials + square)) * Math.sqrt(trials * share * (1 - share) + square / 4)',
        'z95 * Math.sqrt((share * (1 - share)) / trials)',
      ],
    ],
    'wilson',
  ),
  mistake(
    'AUC: ties counted 0 instead of 1/2',
    'statistics',
    'statistics/roc.ts',
    '15-statistics',
    [['below + (upTo - below) / 2', 'below']],
    'hand_ties',
  ),
  mistake(
    'seam divided by mean instead of p95',
    'loop',
    'loop/loop-seam.ts',
    '14-loop',
    [['r1: ratio(seam, p95)', 'r1: ratio(seam, adjacent.reduce((sum, value) => sum + value, 0) / adjacent.length)']],
    ' missing_3',
  ),
  mistake(
    'p95 by nearest rank',
    'loop',
    'statistics/percentile.ts',
    '14-loop',
    [
      [
        '(sorted[Math.min(below + 1, sorted.length - 1)]! - low) * (position - below)',
        '(sorted[Math.round(position)]! - low)',
      ],
    ],
    ' missing_3',
  ),
  mistake(
    'seam counted f0 -> f1 instead of last -> first',
    'loop',
    'loop/loop-seam.ts',
    '14-loop',
    [['await distance(last, first)', 'await distance(first, frames[1]!)']],
    ' missing_3',
  ),
  // Films; they need ffmpeg
  mistake(
    'BT.601 matrix used for a BT.709 file',
    'video',
    'film/film.ts',
    '16-video',
    [['in_color_matrix=${colour.matrix}', 'in_color_matrix=bt601']],
    'files',
  ),
  mistake(
    'full range assumed for a limited-range file',
    'video',
    'film/film.ts',
    '16-video',
    [['in_range=${colour.range}', 'in_range=pc']],
    'files',
  ),
];
