import { chooseFaces, decodeScrfd, scrfdInput, type DetectedFace } from '../detection/scrfd';
import { OnnxModel } from '../models/onnx-model';
import { expectBytes, largestDifference, type ByteDigest } from './digests';
import { detectorPicture, type DetectorImage } from './generated-pictures';
import { describeVectors, each, vectorPath } from './vector-files';

const rows = (faces: readonly DetectedFace[]): number[] =>
  faces.flatMap(({ left, top, right, bottom, score }) => [left, top, right, bottom, score]);

describeVectors<{
  tolerance: { boxPx: number; keypointPx: number };
  cases: {
    id: string;
    model: string;
    image: DetectorImage;
    resizedTo: [number, number];
    detScale: number;
    canvas: ByteDigest;
    candidates: number;
    boxes: number[][];
    keypoints: number[][][] | null;
    maxNum?: { max_num: number; metric: 'default' | 'max'; boxes: number[][] }[];
  }[];
}>('scrfd', ({ tolerance, cases = [] }) => {
  const networks = new Map<string, Promise<OnnxModel>>();
  const networkOf = (file: string): Promise<OnnxModel> => {
    const known =
      networks.get(file) ?? OnnxModel.open(vectorPath(file), { inputs: [{ shape: [1, 3, 640, 640] }], outputs: [] });
    networks.set(file, known);
    return known;
  };
  afterAll(async () => {
    for (const network of networks.values()) await (await network).close();
  });

  each(cases.map((vector) => [vector.id, vector] as const))('%s', async (_, vector) => {
    const picture = detectorPicture(vector.image);
    const input = scrfdInput(picture);
    expect([input.resizedTo.width, input.resizedTo.height, input.scale]).toEqual([
      ...vector.resizedTo,
      vector.detScale,
    ]);
    expectBytes(input.canvas.data, vector.canvas);
    const network = await networkOf(vector.model);
    const outputs = await network.run({ [network.inputName()]: { data: input.planes, dims: [1, 3, 640, 640] } });
    const { faces, candidates } = decodeScrfd(
      network.outputNames().map((name) => outputs[name]!),
      input.scale,
    );
    expect(candidates).toBe(vector.candidates);
    expect(faces).toHaveLength(vector.boxes.length);
    expect(largestDifference(rows(faces), vector.boxes.flat())).toBeLessThanOrEqual(tolerance.boxPx);
    const keypoints = faces.flatMap(({ landmarks }) => landmarks?.flat() ?? []);
    expect(largestDifference(keypoints, (vector.keypoints ?? []).flat(2))).toBeLessThanOrEqual(tolerance.keypointPx);
    for (const { max_num: count, metric, boxes } of vector.maxNum ?? []) {
      const chosen = chooseFaces(faces, count, picture, metric === 'max' ? 'largest' : 'central');
      expect(largestDifference(rows(chosen), boxes.flat())).toBeLessThanOrEqual(tolerance.boxPx);
    }
  });
});
