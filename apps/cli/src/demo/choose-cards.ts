import { modelKey, takesWork, type GpuView } from '@tower/contracts';
import { AppError } from '@tower/kit';

export interface CardChoice {
  readonly checkpoint: string;
  /** Cards that answer and have the checkpoint. */
  readonly cards: readonly GpuView[];
  /** Sentences about cards that take no part. */
  readonly remarks: readonly string[];
  /** A real card that computes on the processor is in use: everything must stay small. */
  readonly isSlow: boolean;
}

/** A real ComfyUI without a graphics card; a simulated one only pretends to be slow. */
const isProcessor = (gpu: GpuView): boolean =>
  !gpu.simulated && (gpu.vendor === 'cpu' || /^cpu\b/i.test(gpu.device ?? ''));

const whyNot = ({ name, detail, drained }: GpuView): string =>
  drained === null
    ? detail
    : `${drained.by} took it out of use at ${drained.since} (npm run tower -- gpus resume ${name})`;

/**
 * The checkpoint that most cards have (the first by name among equals), and who can use it. Throws, saying what to do,
 * when no card takes work or none has any checkpoint.
 */
export function chooseCards(gpus: readonly GpuView[], wanted?: string): CardChoice {
  if (gpus.length === 0)
    throw new AppError('invalid', 'no_gpu', 'Tower knows no card; name one in config/gpus.yaml or TOWER_GPUS');
  const up = gpus.filter(takesWork);
  const remarks = gpus
    .filter((gpu) => !takesWork(gpu))
    .map((gpu) => `${gpu.name} at ${gpu.url} takes no part: ${whyNot(gpu)}`);
  if (up.length === 0) throw new AppError('unavailable', 'no_gpu_answers', `no card takes work. ${remarks.join('. ')}`);

  const checkpoint = wanted === undefined ? mostCommonCheckpoint(up) : modelKey(wanted);
  const cards = up.filter(
    (gpu) => checkpoint !== undefined && gpu.checkpoints.some((name) => modelKey(name) === checkpoint),
  );
  if (checkpoint === undefined || cards.length === 0) {
    const what = wanted === undefined ? 'no card has a checkpoint' : `no card has the checkpoint ${wanted}`;
    const where = up.map((gpu) => `${gpu.name} (${gpu.url})`).join(', ');
    const present = [...new Set(up.flatMap((gpu) => gpu.checkpoints))];
    const choice = present.length === 0 ? '' : ` Present: ${present.join(', ')}.`;
    throw new AppError(
      'invalid',
      'checkpoint_missing',
      `${what}: put a Stable Diffusion checkpoint (.safetensors) into models/checkpoints of the ComfyUI behind ` +
        `${where}, and start the demo again.${choice}`,
    );
  }
  for (const gpu of up)
    if (!cards.includes(gpu))
      remarks.push(
        `${gpu.name} takes no part: it has no ${checkpoint} in models/checkpoints of the ComfyUI at ${gpu.url}`,
      );
  return { checkpoint, cards, remarks, isSlow: cards.some(isProcessor) };
}

function mostCommonCheckpoint(gpus: readonly GpuView[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of gpus.flatMap((gpu) => gpu.checkpoints.map(modelKey)))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
}
