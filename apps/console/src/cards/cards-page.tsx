import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { cardsQuery, workflowsQuery } from '../api/queries';
import { Empty, Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { CardPanel } from './card-panel';

/** Each card: how it is and why, its memory, what it does and what comes next, what it has and lacks. */
export function CardsPage(): ReactNode {
  const { data, error, refetch } = useQuery(cardsQuery);
  const { data: workflows } = useQuery(workflowsQuery);
  return (
    <>
      <header className="head">
        <h1>Cards</h1>
      </header>
      {error !== null && data === undefined && (
        <Failure error={error} what="The cards could not be read." again={() => void refetch()} />
      )}
      {error === null && data === undefined && <Loading what="the cards" />}
      {data?.length === 0 && (
        <Empty title="No card is configured">
          Start a ComfyUI for each graphics card and name them in <code>config/gpus.yaml</code>.
        </Empty>
      )}
      {data?.map((card) => (
        <CardPanel key={card.name} card={card} workflows={workflows ?? []} />
      ))}
    </>
  );
}
