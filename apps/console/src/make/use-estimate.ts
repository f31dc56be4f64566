import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { EstimateAnswer, WorkflowView } from '@tower/contracts';
import { api } from '../api/client';
import { answerOf } from '../api/problem';
import { hasParameter, requestOf, type Draft } from './draft';

/** Milliseconds without a keystroke before Tower is asked. */
const restMs = 400;

function useRested<Value>(value: Value): Value {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMs);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

export interface Estimating {
  readonly answer: EstimateAnswer | undefined;
  readonly error: unknown;
  /** Nothing to ask about yet: the form says too little. */
  readonly isIdle: boolean;
}

/** When what the form says would be ready, anew whenever somebody stops typing. */
export function useEstimate(draft: Draft, workflow: WorkflowView): Estimating {
  const rested = useRested(draft);
  const body = requestOf(rested, workflow);
  const isIdle = rested.projectId === '' || (hasParameter(workflow, 'prompt') && rested.prompt.trim() === '');
  const { data, error } = useQuery({
    queryKey: ['estimate', body],
    queryFn: (): Promise<EstimateAnswer> => answerOf(api.POST('/api/anime/estimate', { body })),
    enabled: !isIdle,
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
    gcTime: 30_000,
    retry: false,
  });
  return { answer: isIdle || error !== null ? undefined : data, error: isIdle ? null : error, isIdle };
}
