import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api } from '../api/client';
import { answerOf } from '../api/problem';
import { statusQuery } from '../api/queries';
import { who } from '../jobs/job-mutations';
import { Button } from '../ui/button';
import { Failure } from '../ui/failure';
import { useNow } from '../ui/now';
import { agoOf, counted } from '../ui/words';
import { Lately } from './lately';
import { Queue } from './queue';
import { RunningCards } from './running-cards';

/** Stops and starts the whole queue. */
function QueueSwitch({ isPaused }: { isPaused: boolean }) {
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      isPaused
        ? answerOf(api.POST('/api/anime/queue/resume', { body: { who } }))
        : answerOf(api.POST('/api/anime/queue/pause', { body: { who } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['status'] }),
  });
  return (
    <>
      <Button busy={isPending} kind={isPaused ? 'main' : 'plain'} onClick={() => mutate()}>
        {isPaused ? 'Start the queue again' : 'Pause the queue'}
      </Button>
      {error !== null && <Failure error={error} what="The queue was left as it is." />}
    </>
  );
}

function QueueFigures() {
  const { data } = useQuery(statusQuery);
  const nowMs = useNow();
  const queue = data?.rendering?.queue;
  if (queue === undefined) return null;
  const { paused } = queue;
  return (
    <>
      <p className="lead">
        {counted(queue.processing + queue.quality_check, 'job')} in work, {counted(queue.pending + queue.queued, 'job')}{' '}
        waiting
        {queue.paused_jobs > 0 && `, ${queue.paused_jobs} of them paused`}
      </p>
      <QueueSwitch isPaused={paused !== null} />
      {paused !== null && (
        <p className="banner banner-warn">
          <strong>The queue is paused</strong> by {paused.by}, {agoOf(paused.since, nowMs)}
          {paused.reason !== '' && `: ${paused.reason}`}. What runs ends; nothing new starts.
        </p>
      )}
    </>
  );
}

/** What goes on at this moment: the cards at work, the line, and what came out lately. */
export function NowPage(): ReactNode {
  return (
    <>
      <header className="head">
        <h1>Now</h1>
        <QueueFigures />
      </header>
      <RunningCards />
      <Queue />
      <Lately />
    </>
  );
}
