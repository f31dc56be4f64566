import type { EstimateView } from '@tower/contracts';
import { useNow } from './now';
import { readyWords } from './words';

/** When something will be ready, with its interval; the basis as a line of its own, or on pointing at it. */
export function Ready({ estimate, withBasis = false }: { estimate: EstimateView; withBasis?: boolean }) {
  const nowMs = useNow();
  const { soon, when, basis } = readyWords(estimate, nowMs);
  return (
    <span className="ready" title={withBasis ? undefined : basis}>
      <strong>{soon ?? 'End not known'}</strong>
      {when !== null && <span> {when}</span>}
      {withBasis && <span className="fine"> {basis}</span>}
    </span>
  );
}
