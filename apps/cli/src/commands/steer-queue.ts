import { routes, type QueuePauseView } from '@tower/contracts';
import { runningApi, tell } from './running-api';

/** Starts nothing new on any card. */
export async function queuePause(options: { who: string; reason: string; json: boolean }): Promise<number> {
  const { who, reason } = options;
  tell(await runningApi().call(routes.pauseQueue, { body: { who, reason } }), options, describeQueue);
  return 0;
}

/** Serves the queue again. */
export async function queueResume(options: { who: string; json: boolean }): Promise<number> {
  tell(await runningApi().call(routes.resumeQueue, { body: { who: options.who } }), options, describeQueue);
  return 0;
}

const describeQueue = ({ paused }: QueuePauseView): string[] => [
  paused === null
    ? 'the queue is served'
    : `the queue is paused by ${paused.by} since ${paused.since}${paused.reason === '' ? '' : `: ${paused.reason}`}`,
];
