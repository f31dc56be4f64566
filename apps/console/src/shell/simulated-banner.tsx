import { useQuery } from '@tanstack/react-query';
import { statusQuery } from '../api/queries';

/** While cards are simulated, nobody may take their pictures for a model's. */
export function SimulatedBanner() {
  const { data } = useQuery(statusQuery);
  if (data?.simulated !== true) return null;
  return (
    <p className="banner banner-warn">
      <strong>Simulated cards.</strong> The pictures are drawn, not made by a model. Name your own in{' '}
      <code>config/gpus.yaml</code>.
    </p>
  );
}
