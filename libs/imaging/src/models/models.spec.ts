import { copyFile, mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { detectFaces, detectObjects } from '../detection/detect';
import { sha256File } from '../digest';
import { embedCharacter, embedFace, embedScene } from '../identity/embed';
import { compareEmbeddings, embeddingContractId } from '../identity/embedding';
import { tagPicture } from '../tags/tag-picture';
import { lineArt } from '../vectors/generated-pictures';
import { vectorPath } from '../vectors/vector-files';
import { modelContracts, type ModelContractName } from './contracts';
import { parseModelManifest, type ModelEntry } from './manifest';
import { checkModelFile, modelRefusal, openModel } from './model-files';
import { OnnxModel } from './onnx-model';

const plainEntry = {
  id: 'ccip',
  contract: 'ccip',
  file: 'ccip/model_feat.onnx',
  url: 'https://example.org/model_feat.onnx',
  licence: 'OpenRAIL',
  nonCommercial: false,
  bytes: 61441,
  sha256: 'a'.repeat(64),
} as const;

describe('the model manifest', () => {
  it('takes an entry as it stands', () => {
    expect(parseModelManifest({ models: [plainEntry] })).toEqual([plainEntry]);
  });

  it.each([
    [{}, /a model manifest is/],
    [{ models: [null] }, /entry 1/],
    [{ models: [{ ...plainEntry, contract: 'gan' }] }, /ccip: contract/],
    [{ models: [{ ...plainEntry, contract: 'toString' }] }, /ccip: contract/],
    [{ models: [{ ...plainEntry, file: '../secret.onnx' }] }, /ccip: file/],
    [{ models: [{ ...plainEntry, file: '/etc/model.onnx' }] }, /ccip: file/],
    [{ models: [{ ...plainEntry, url: 'http://example.org/x' }] }, /ccip: url/],
    [{ models: [{ ...plainEntry, sha256: 'A'.repeat(64) }] }, /ccip: sha256/],
    [{ models: [{ ...plainEntry, bytes: 1.5 }] }, /ccip: bytes/],
    [{ models: [{ ...plainEntry, nonCommercial: 'no' }] }, /ccip: nonCommercial/],
    [{ models: [{ ...plainEntry, lisence: 'MIT' }] }, /ccip: lisence/],
    [{ models: [{ ...plainEntry, contract: 'yolo' }] }, /ccip: a yolo needs labels/],
    [{ models: [plainEntry, plainEntry] }, /listed twice/],
  ] as const)('refuses %#', (manifest, message) => {
    expect(() => parseModelManifest(manifest)).toThrow(message);
  });
});

describe('model files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tower-models-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const placed = async (contract: ModelContractName, probe: string): Promise<ModelEntry> => {
    const file = `${contract}-${probe}`;
    await copyFile(vectorPath(`models/${probe}`), join(folder, file));
    const { size } = await stat(join(folder, file));
    return { ...plainEntry, id: contract, contract, file, bytes: size, sha256: await sha256File(join(folder, file)) };
  };

  it('are present, missing, of another size or of another content', async () => {
    const entry = await placed('ccip', 'probe_embed_384.onnx');
    expect(await checkModelFile(entry, folder)).toBe('present');
    expect(await checkModelFile({ ...entry, file: 'none.onnx' }, folder)).toBe('missing');
    expect(await checkModelFile({ ...entry, file: `${entry.file}/inside` }, folder)).toBe('missing');
    expect(await checkModelFile({ ...entry, bytes: entry.bytes! + 1 }, folder)).toBe('other_size');
    expect(await checkModelFile({ ...entry, sha256: 'b'.repeat(64) }, folder)).toBe('other_content');
  });

  it('become states of a metric when they cannot be opened', async () => {
    const reasonOf = (entry: ModelEntry): Promise<unknown> =>
      openModel(entry, folder).then(
        () => 'opened',
        (error: unknown) => modelRefusal(error)?.reason ?? error,
      );
    const entry = await placed('ccip', 'probe_embed_384.onnx');
    expect(await reasonOf({ ...entry, file: 'none.onnx' })).toBe('model_missing');
    expect(await reasonOf(await placed('ccip', 'probe_embed_112.onnx'))).toBe('model_contract_mismatch');
    expect(await reasonOf(await placed('arcface', 'probe_wd.onnx'))).toBe('model_contract_mismatch');
    const broken = await placed('ccip', 'probe_embed_384.onnx');
    await truncate(join(folder, broken.file), 30_000);
    expect(await reasonOf(broken)).toBe('model_contract_mismatch');
    expect(await reasonOf({ ...broken, bytes: 30_000, sha256: await sha256File(join(folder, broken.file)) })).toBe(
      'model_contract_mismatch',
    );
    await writeFile(join(folder, 'text.onnx'), 'no network');
    const text = { ...entry, file: 'text.onnx', bytes: 10, sha256: await sha256File(join(folder, 'text.onnx')) };
    expect(await reasonOf(text)).toBe('model_contract_mismatch');
    expect(modelRefusal(new Error('disk on fire'))).toBeUndefined();
  });

  it.each([
    ['ccip', 'probe_embed_384.onnx'],
    ['arcface', 'probe_embed_112.onnx'],
    ['arcface', 'probe_arcface_submul.onnx'],
    ['dino', 'probe_embed_224.onnx'],
    ['scrfd', 'probe_scrfd.onnx'],
    ['yolo', 'probe_yolo.onnx'],
    ['yolo', 'probe_yolo_v10.onnx'],
    ['wd_tagger', 'probe_wd.onnx'],
    ['lpips_pair', 'lpips_rand.onnx'],
    ['lpips_feature', 'lpips_rand_feature.onnx'],
    ['lpips_diff', 'lpips_rand_diff.onnx'],
    ['interpolator', 'blend.onnx'],
  ] as const)('%s takes %s and no other contract with named tensors does', async (contract, probe) => {
    const model = await openModel(await placed(contract, probe), folder);
    await model.close();
    const others = (Object.keys(modelContracts) as ModelContractName[]).filter(
      (name) => name !== contract && !['scrfd', 'arcface', 'wd_tagger', 'classifier'].includes(name),
    );
    for (const other of others)
      await expect(OnnxModel.open(vectorPath(`models/${probe}`), modelContracts[other])).rejects.toMatchObject({
        name: 'ModelContractMismatch',
      });
  });

  it('answer questions asked at once, each its own', async () => {
    const model = await openModel(await placed('ccip', 'probe_embed_384.onnx'), folder);
    const pictures = [1, 2, 3].map((seed) => lineArt(80, 60, seed));
    const together = await Promise.all(pictures.map((picture) => embedCharacter(model, 'c', picture)));
    for (const [index, picture] of pictures.entries())
      expect(await embedCharacter(model, 'c', picture)).toEqual(together[index]);
    await model.close();
  });

  it('go on after a question that cannot be asked', async () => {
    const model = await openModel(await placed('ccip', 'probe_embed_384.onnx'), folder);
    await expect(model.run({ input: { data: new Float32Array(12), dims: [1, 3, 2, 2] } })).rejects.toThrow();
    expect(await embedCharacter(model, 'c', lineArt(80, 60, 1))).toMatchObject({ state: 'computed' });
    await model.close();
  });

  it('embed, detect and tag a picture from end to end', async () => {
    const picture = lineArt(200, 150, 4);
    const arcface = await openModel(await placed('arcface', 'probe_embed_112.onnx'), folder);
    const landmarks = [
      [80, 60],
      [120, 60],
      [100, 85],
      [85, 105],
      [115, 105],
    ] as const;
    const face = await embedFace(arcface, 'face', picture, landmarks, 'plain');
    expect(face).toMatchObject({ state: 'computed' });
    expect(
      await embedFace(
        arcface,
        'face',
        picture,
        [
          [1, 1],
          [1, 1],
          [1, 1],
          [1, 1],
          [1, 1],
        ],
        'plain',
      ),
    ).toEqual({ state: 'not_computed', reason: 'degenerate_landmarks' });
    const dino = await openModel(await placed('dino', 'probe_embed_224.onnx'), folder);
    const scene = await embedScene(dino, 'scene', picture);
    if (scene.state !== 'computed' || face.state !== 'computed') throw new Error('not computed');
    expect(scene.value.vector).toHaveLength(384);
    expect(compareEmbeddings(scene.value, face.value)).toEqual({
      state: 'not_computed',
      reason: 'embedding_contract_mismatch',
    });
    expect(compareEmbeddings(scene.value, scene.value)).toMatchObject({ state: 'computed' });
    const scrfd = await openModel(await placed('scrfd', 'probe_scrfd.onnx'), folder);
    for (const { left, right, score } of await detectFaces(scrfd, picture)) {
      expect(right).toBeGreaterThan(left);
      expect(score).toBeGreaterThanOrEqual(0.5);
    }
    const yolo = await openModel(await placed('yolo', 'probe_yolo.onnx'), folder);
    for (const { label, right } of await detectObjects(yolo, { labels: ['face'], minScore: 0.307 }, picture)) {
      expect(label).toBe('face');
      expect(right).toBeLessThanOrEqual(200);
    }
    const tagger = await openModel(await placed('wd_tagger', 'probe_wd.onnx'), folder);
    expect(await tagPicture(tagger, picture)).toMatchObject({ state: 'computed' });
    for (const model of [arcface, dino, scrfd, yolo, tagger]) await model.close();
  });
});

describe('an embedding contract', () => {
  const contract = { modelSha256: 'a', dimensions: 768, preprocessing: 'p', crop: 'full' };
  it.each([{ modelSha256: 'b' }, { dimensions: 512 }, { preprocessing: 'q' }, { crop: 'head' }])(
    'changes with %j',
    (change) => {
      expect(embeddingContractId({ ...contract, ...change })).not.toBe(embeddingContractId(contract));
      expect(embeddingContractId({ ...contract })).toBe(embeddingContractId(contract));
    },
  );
});
