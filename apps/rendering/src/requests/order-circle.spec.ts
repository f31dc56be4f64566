import { circleWith } from './order-circle';

const order = (pair: string) => ({ first: pair[0] ?? '', then: pair[1] ?? '', moved: pair[0] ?? '' });

it.each([
  [[], 'ab', undefined],
  [['ab'], 'ba', 'bab'],
  [['ab'], 'ab', undefined],
  [['ab', 'bc'], 'ca', 'cabc'],
  [['ab', 'bc'], 'ac', undefined],
  [['ab', 'ac', 'cd', 'bd'], 'da', 'dabd'],
  [['ab', 'cd'], 'bc', undefined],
])('orders %j and %s make the circle %s', (orders, further, circle) => {
  expect(circleWith(orders.map(order), order(further))?.join('')).toBe(circle);
});
