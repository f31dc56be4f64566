import { decodeYolo, yoloInput, type YoloDetection } from '../detection/yolo';
import { OnnxModel } from '../models/onnx-model';
import { expectFloats, type FloatDigest } from './digests';
import { detectorPicture, type DetectorImage } from './generated-pictures';
import { describeVectors, each, onnxMetadata, vectorPath } from './vector-files';

type Detection = [[number, number, number, number], string, number];

const size = ([width, height]: readonly [number, number]) => ({ width, height });

function expectDetections(actual: readonly YoloDetection[], expected: readonly Detection[]): void {
  expect(actual.map(({ left, top, right, bottom, label }) => [[left, top, right, bottom], label])).toEqual(
    expected.map(([box, label]) => [box, label]),
  );
  actual.forEach(({ score }, index) => expect(Math.abs(score - expected[index]![2])).toBeLessThanOrEqual(1e-6));
}

/** `{0: 'head', 1: 'person'}`, in the order of the classes. */
const labelsOf = (file: string): string[] =>
  [...(onnxMetadata(file).get('names') ?? '').matchAll(/\d+: ?['"]([^'"]*)['"]/g)].map(([, name]) => name!);

describeVectors<{
  cases: {
    id: string;
    model: string;
    image: DetectorImage;
    conf: number;
    iou: number;
    input: FloatDigest;
    detections: Detection[];
  }[];
  raw: {
    id: string;
    rows: number[][];
    form: 'cxcywh' | 'end_to_end';
    conf: number;
    iou: number;
    oldSize: [number, number];
    newSize: [number, number];
    labels: string[];
    detections: Detection[];
  }[];
}>('yolo', ({ cases = [], raw = [] }) => {
  const networks = new Map<string, Promise<OnnxModel>>();
  const networkOf = (file: string): Promise<OnnxModel> => {
    const known =
      networks.get(file) ??
      OnnxModel.open(vectorPath(file), {
        inputs: [{ name: 'images', shape: [1, 3, null, null] }],
        outputs: [{ name: 'output0', shape: [1, null, null] }],
      });
    networks.set(file, known);
    return known;
  };
  afterAll(async () => {
    for (const network of networks.values()) await (await network).close();
  });

  each(cases.map((vector) => [vector.id, vector] as const))('%s', async (_, vector) => {
    const picture = detectorPicture(vector.image);
    const [height, width] = vector.input.shape.slice(-2) as [number, number];
    const input = { width, height };
    const planes = yoloInput(picture, input);
    expectFloats(planes, vector.input, 1e-6);
    const { output0 } = await (
      await networkOf(vector.model)
    ).run({ images: { data: planes, dims: [1, 3, height, width] } });
    const options = { minScore: vector.conf, maxOverlap: vector.iou, labels: labelsOf(vector.model), picture, input };
    expectDetections(decodeYolo(output0!, options), vector.detections);
  });

  each(raw.map((vector) => [vector.id, vector] as const))(
    '%s',
    (_, { rows, form, conf, iou, oldSize, newSize, labels: names, detections }) => {
      const columns = rows[0]!.length;
      const flat =
        form === 'end_to_end'
          ? rows.flat()
          : Array.from({ length: columns }, (_unused, column) => rows.map((row) => row[column]!)).flat();
      const dims = form === 'end_to_end' ? [1, rows.length, columns] : [1, columns, rows.length];
      const options = { minScore: conf, maxOverlap: iou, labels: names, picture: size(oldSize), input: size(newSize) };
      expectDetections(decodeYolo({ data: Float32Array.from(flat), dims }, options), detections);
    },
  );
});
