import { parseNatsUrl } from './nats-address';

describe('parseNatsUrl', () => {
  it.each([
    ['nats://one:4222', { servers: ['one:4222'] }],
    ['one', { servers: ['one'] }],
    ['nats://[::1]:4222/', { servers: ['[::1]:4222'] }],
    ['nats://rendering:s3cret@one:4222', { servers: ['one:4222'], user: 'rendering', pass: 's3cret' }],
    ['nats://a%40b:p%3A%2F%25%20%C3%A9@one', { servers: ['one'], user: 'a@b', pass: 'p:/% é' }],
    ['nats://user:with:colons@one', { servers: ['one'], user: 'user', pass: 'with:colons' }],
    ['nats://t0ken%2F%2B@one:4222', { servers: ['one:4222'], token: 't0ken/+' }],
    ['tls://user:pass@one', { servers: ['one'], user: 'user', pass: 'pass' }],
    ['user:pass@one:4222', { servers: ['one:4222'], user: 'user', pass: 'pass' }],
    ['nats://u:p@one:4222, nats://u:p@two:4223', { servers: ['one:4222', 'two:4223'], user: 'u', pass: 'p' }],
    ['nats://one:4222,nats://tok@two:4222', { servers: ['one:4222', 'two:4222'], token: 'tok' }],
    ['nats://@one', { servers: ['one'] }],
  ])('takes %s apart', (url, expected) => {
    expect(parseNatsUrl(url)).toEqual(expected);
  });

  it.each([
    'nats://u:se@cret@one',
    'nats://u:sec/ret@one',
    'http://one',
    'nats://',
    '',
    'nats://u:secret%zz@one',
    'nats://u:secret@one,nats://u:secret2@two',
  ])('refuses %j with one sentence that does not hold the secret', (url) => {
    let thrown: unknown;
    try {
      parseNatsUrl(url);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      kind: 'invalid',
      code: 'nats_url_invalid',
      message: expect.stringMatching(/^NATS_URL cannot be read: /),
    });
    for (const part of ['cret@', 'sec/', 'secret']) expect((thrown as Error).message).not.toContain(part);
  });
});
