import type { WorkflowCardView } from '@tower/contracts';
import { Mark } from '../ui/marks';
import { memoryOf } from '../ui/words';

/** Which card can run it now, and what the others lack. */
export function CardsForIt({ cards }: { cards: readonly WorkflowCardView[] }) {
  return (
    <section className="panel" aria-labelledby="cards-for-it">
      <h2 id="cards-for-it">Cards for it</h2>
      {cards.length === 0 && <p className="fine">No card is configured.</p>}
      <ul className="sentences">
        {cards.map((card) => (
          <li key={card.gpu}>
            <strong>{card.gpu}</strong>{' '}
            <Mark tone={card.can_run ? 'good' : 'warn'}>{card.state.replace('_', ' ')}</Mark>
            {card.vram_need_mb !== null && <span className="fine"> needs {memoryOf(card.vram_need_mb)}</span>}
            {card.reason !== null && <p className="fine">{card.reason}</p>}
            {card.missing.map(({ kind, name, where, source }) => (
              <p className="fine" key={`${kind} ${name}`}>
                Put <code>{name}</code> into <code>{where}</code>
                {source !== null && `, from ${source}`}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}
