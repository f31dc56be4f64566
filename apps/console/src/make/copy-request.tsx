import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { JobView } from '@tower/contracts';
import { workflowQuery } from '../api/queries';
import { Button } from '../ui/button';
import { draftOf, requestOf } from './draft';

/** Puts the request that makes the same into the clipboard, as `POST /generate` takes it. */
export function CopyRequest({ job, seed }: { job: JobView; seed: number }) {
  const { data: workflow } = useQuery(workflowQuery(job.workflow));
  const [outcome, setOutcome] = useState<string>();
  if (workflow === undefined) return null;
  const body = requestOf({ ...draftOf(job, workflow), count: '1', seed: String(seed) }, workflow);
  const copy = (): void =>
    void navigator.clipboard.writeText(JSON.stringify(body, null, 2)).then(
      () => setOutcome('Copied'),
      () => setOutcome('The browser did not allow it'),
    );
  return (
    <Button onClick={copy}>
      <span role="status">{outcome ?? 'Copy as request'}</span>
    </Button>
  );
}
