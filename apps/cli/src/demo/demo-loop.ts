import { routes, type JobAccepted, type ProjectView } from '@tower/contracts';
import type { ApiClient } from '../api-client';
import type { CardChoice } from './choose-cards';

const workflow = 'loop-animatediff';
const prompt = 'standing in the wind, hair swaying, evening sky, seamless loop';

/** What the demo asks for: short and small, so that it stays a demo. */
const settings = { preset: 'draft' as const, frame_count: 16, fps: 8 };

/**
 * Asks for a short loop where a card can make one. Otherwise a sentence says what is missing; on a processor a film
 * would take too long, and none is asked for.
 */
export async function askForLoop(
  api: ApiClient,
  project: Pick<ProjectView, 'id'>,
  choice: CardChoice,
  characterIds: readonly string[],
): Promise<JobAccepted | string> {
  if (choice.isSlow) return 'No loop is made: a card computes on the processor.';
  const { cards } = await api.call(routes.getWorkflow, { params: { name: workflow } });
  const able = cards.filter((card) => card.can_run);
  if (able.length === 0)
    return `No loop is made: ${cards.map((card) => card.reason ?? `${card.gpu} cannot`).join('; ')}.`;
  const body = {
    project_id: project.id,
    character_ids: [...characterIds],
    job_type: 'animation_loop' as const,
    workflow,
    prompt,
    ...settings,
  };
  return api.call(routes.generate, { body });
}
