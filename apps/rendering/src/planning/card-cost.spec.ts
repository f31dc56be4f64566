import { cardCost } from './card-cost';
import { aCard, aTask, filmCard } from './planning.fixture';

describe('the soft cost of a card', () => {
  it('is nothing where the card prefers such work and has the memory', () => {
    expect(cardCost(aCard({ memoryMb: 16_384 }), aTask({ priorMb: 8_000 }), 40)).toBe(0);
  });

  it('is a quarter of the time on a card that prefers other work', () => {
    expect(cardCost(filmCard, aTask(), 40)).toBe(10);
  });

  it('is the time itself where the formula expects more memory than the card has', () => {
    expect(cardCost(aCard({ memoryMb: 8_192 }), aTask({ priorMb: 12_000 }), 40)).toBe(40);
    expect(cardCost({ ...filmCard, memoryMb: 8_192 }, aTask({ priorMb: 12_000 }), 40)).toBe(50);
  });

  it('believes what was learnt rather than the formula, and doubts nothing where memory is not known', () => {
    expect(cardCost(aCard({ memoryMb: 8_192 }), aTask({ priorMb: 12_000, needsMb: 6_000 }), 40)).toBe(0);
    expect(cardCost(aCard({ memoryMb: null }), aTask({ priorMb: 12_000 }), 40)).toBe(0);
  });
});
