import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from '../../workflows/catalogue';
import type { Sample, Work } from './estimate';
import { LearntTimes } from './learnt-times';

const work: Work = {
  workflow: 'anime-still-sd15',
  modelName: 'anime.safetensors',
  width: 512,
  height: 768,
  frames: 1,
  steps: 24,
  cfgScale: 7,
};
const card = { gpu: 'rtx3060', device: 'NVIDIA GeForce RTX 3060' };
const checkpoint = 'checkpoints/anime.safetensors';
const sample = (changes: Partial<Sample> = {}): Sample => ({
  ...work,
  ...card,
  seconds: 5,
  loadSeconds: 0,
  samplingSeconds: 4,
  fixedSeconds: 1,
  missing: [],
  ...changes,
});

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await Catalogue.read(join(repositoryRoot, 'workflows'));
});
const learnt = (samples: readonly Sample[]): LearntTimes => {
  const times = new LearntTimes(catalogue);
  for (const one of samples) times.learn(one);
  return times;
};
const several = (changes: Partial<Sample> = {}): Sample[] => Array.from({ length: 5 }, () => sample(changes));

describe('what is said of work', () => {
  it('is the shipped prior, labelled as one, while nothing was measured', () => {
    const { priors } = catalogue.get(work.workflow).file;
    const said = learnt([]).estimate(work, card, [checkpoint]);
    expect(said).toMatchObject({ basis: priors.basis, confidence: null });
    expect(said.basis).toMatch(/^prior/);
    expect(said.seconds).toBeGreaterThan(priors.fixed_seconds);
    expect(said.seconds - learnt([]).estimate(work, card, []).seconds).toBeGreaterThan(priors.load_seconds / 2);
  });

  it('is what it took, warm and cold apart, and names the card as people do', () => {
    const times = learnt([...several(), ...several({ missing: [checkpoint], loadSeconds: 20, seconds: 25 })]);
    expect(times.estimate(work, card, []).seconds).toBeCloseTo(5, 0);
    expect(times.estimate(work, card, [checkpoint]).seconds).toBeGreaterThan(18);
    expect(times.estimate(work, card, []).basis).toBe('learnt from 10 attempts on rtx3060, 9 of them of this size');
  });

  it('takes nothing from another device that the card had before', () => {
    const times = learnt(several({ device: 'cpu', seconds: 400, samplingSeconds: 399 }));
    expect(times.estimate(work, card, []).seconds).toBeLessThan(200);
    expect(times.estimate(work, { ...card, device: 'cpu' }, []).seconds).toBeGreaterThan(300);
  });

  it('counts one pass a step where cfg is 1, and two else', () => {
    const times = learnt(several());
    expect(times.estimate({ ...work, cfgScale: 1 }, card, []).seconds).toBeCloseTo(3, 0);
    expect(times.estimate({ ...work, steps: 48 }, card, []).seconds).toBeCloseTo(9, 0);
  });

  it('counts the passes that the workflow states, and brings its figures for a step to them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tower-passes-'));
    try {
      const own = join(folder, work.workflow);
      cpSync(join(repositoryRoot, 'workflows', work.workflow), own, { recursive: true });
      appendFileSync(join(own, 'workflow.yaml'), '\npasses_per_step: 1\n');
      const stating = new LearntTimes(await Catalogue.read(folder));
      const prior = stating.estimate(work, card, []).seconds;
      expect(prior).toBeCloseTo(learnt([]).estimate(work, card, []).seconds, 6);
      for (const one of several()) stating.learn(one);
      const said = (cfgScale: number) => stating.estimate({ ...work, cfgScale }, card, []).seconds;
      expect(said(1)).toBeCloseTo(5, 0);
      expect(said(1)).toBe(said(7));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('tells changes of recovery apart, because tiles take longer', () => {
    const tiled = { plan: { steps: ['tiled_vae' as const] } };
    const times = learnt([...several(), ...several({ ...tiled, seconds: 20, samplingSeconds: 19 })]);
    expect(times.estimate(work, card, []).seconds).toBeCloseTo(5, 0);
    expect(times.estimate({ ...work, ...tiled }, card, []).seconds).toBeCloseTo(20, 0);
  });

  it('follows another model of the same workflow until its own was measured', () => {
    const times = learnt(several({ samplingSeconds: 40, seconds: 41 }));
    const other = times.estimate({ ...work, modelName: 'other.safetensors' }, card, []).seconds;
    expect(other).toBeGreaterThan(30);
    expect(other).toBeLessThan(50);
  });

  it('expects less of a missing LoRA than of a missing checkpoint', () => {
    const said = (missing: string[]) => learnt([]).estimate(work, card, missing).seconds;
    expect(said(['loras/ink.safetensors'])).toBeLessThan(said([checkpoint]));
  });
});
