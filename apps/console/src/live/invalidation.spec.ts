import { topology, type EventDefinition } from '@tower/contracts';
import { touchedBy, TouchedSince } from './invalidation';

const told = new Set(
  Object.values(topology)
    .flatMap(({ publishes }): readonly EventDefinition[] => publishes)
    .map(({ type }) => type),
);
/** Answers to publishers, and files that no list shows. */
const shownNowhere = ['command_accepted', 'command_rejected', 'upload_kept', 'upload_deleted'].map(
  (name) => `rendering.v1.${name}`,
);

it.each([...told].filter((type) => !shownNowhere.includes(type)))('%s makes something of the page old', (type) => {
  const { jobIds, lists } = touchedBy({ type, job_id: 'a' });
  expect(jobIds.length + lists.length).toBeGreaterThan(0);
});

it('collects what many events touch, once each, and starts anew afterwards', () => {
  const touched = new TouchedSince();
  for (const job_id of ['a', 'b', 'a']) touched.add(touchedBy({ type: 'rendering.v1.job_started', job_id }));
  expect(touched.take()).toEqual({ jobIds: ['a', 'b'], lists: ['gpus', 'status'] });
  expect(touched.isEmpty).toBe(true);
});
