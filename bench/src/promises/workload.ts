import { seededRandom } from '@tower/kit';

/** A kind of job of a mixed day. */
export interface JobKind {
  name: string;
  body: Record<string, unknown>;
  /** Of how many jobs it is one, in proportion to the others. */
  share: number;
}

const quick = { auto_quality_check: false };

/** Stills of two families and sizes, loops, films of the large model: as a home studio mixes them. */
export const jobKinds: readonly JobKind[] = [
  { name: 'still-sd15', share: 24, body: { ...quick, job_type: 'still_image', preset: 'standard' } },
  { name: 'still-sd15-high', share: 10, body: { ...quick, job_type: 'still_image', preset: 'high' } },
  {
    name: 'still-sdxl',
    share: 14,
    body: { ...quick, job_type: 'still_image', preset: 'standard', workflow: 'anime-still-sdxl' },
  },
  { name: 'loop', share: 10, body: { ...quick, job_type: 'animation_loop', preset: 'low' } },
  {
    name: 'film-14b',
    share: 2,
    body: { ...quick, job_type: 'full_video', preset: 'draft', workflow: 'video-wan22-t2v-14b' },
  },
];

/** One job that comes `atSeconds` after the start. */
export interface Arrival {
  atSeconds: number;
  kind: JobKind;
  priority: 'normal' | 'high' | 'low' | 'urgent';
}

/** So many jobs over so many seconds, each kind in its share, in an order that the seed decides. */
export function arrivals(count: number, overSeconds: number, seed: number): Arrival[] {
  const draw = seededRandom(seed);
  const shares = jobKinds.reduce((sum, kind) => sum + kind.share, 0);
  const kinds = jobKinds.flatMap((kind) => Array<JobKind>(Math.round((kind.share / shares) * count)).fill(kind));
  const shuffled = kinds
    .map((kind) => ({ kind, key: draw() }))
    .sort((a, b) => a.key - b.key)
    .map(({ kind }) => kind);
  return shuffled
    .map((kind): Arrival => ({
      atSeconds: draw() * overSeconds,
      kind,
      priority: draw() < 0.1 ? 'high' : draw() < 0.1 ? 'low' : 'normal',
    }))
    .sort((a, b) => a.atSeconds - b.atSeconds);
}
