import { AppError } from '@tower/kit';
import { parseQuery } from './query-string';

const refusalOf = (url: string): AppError => {
  try {
    parseQuery(url);
  } catch (error) {
    return error as AppError;
  }
  throw new Error(`${url} was taken`);
};

describe('parseQuery', () => {
  it.each([
    ['/x', {}],
    ['/x?', {}],
    ['/x?&&', {}],
    ['/x?a=1&b=', { a: '1', b: '' }],
    ['/x?a', { a: '' }],
    ['/x?a=b=c', { a: 'b=c' }],
    ['/x?a=%C3%A9+%F0%9F%9A%82', { a: 'é 🚂' }],
    ['/x?%61=1', { a: '1' }],
    ['/x?__proto__=1', JSON.parse('{"__proto__":"1"}')],
  ])('reads %j', (url, fields) => {
    expect(parseQuery(url)).toEqual(fields);
  });

  it.each(['/x?a=%', '/x?a=%zz', '/x?a=%C3', '/x?%FF=1', '/x?a=%ED%A0%80'])(
    'refuses what is not percent-encoded UTF-8: %j',
    (url) => {
      expect(refusalOf(url)).toMatchObject({ kind: 'invalid', code: 'url_malformed' });
    },
  );

  it('refuses a field that comes twice, and NUL, naming the field', () => {
    expect(refusalOf('/x?a=1&a=2')).toMatchObject({
      code: 'query_invalid',
      options: { fields: [{ pointer: '?a', message: 'given more than once' }] },
    });
    expect(refusalOf('/x?a=1%00')).toMatchObject({ code: 'query_invalid', options: { fields: [{ pointer: '?a' }] } });
  });
});
