import { Redaction } from './redaction';

describe('Redaction', () => {
  const redaction = new Redaction();
  redaction.addUrl('postgres://tower:s3cret%2Fpass@db:5432/tower');
  redaction.addUrl(
    'nats://token-of-nats@one:4222,nats://user:natspass@two:4222, ' +
      'bare:barepass@three:4222,nats://tok%2Fen-encoded@four',
  );

  it.each([
    ['postgres://tower:whatever@127.0.0.1:5432/tower', 'postgres://[redacted]@127.0.0.1:5432/tower'],
    ['it said s3cret/pass aloud', 'it said [redacted] aloud'],
    ['encoded s3cret%2Fpass', 'encoded [redacted]'],
    ['nats says token-of-nats and natspass', 'nats says [redacted] and [redacted]'],
    ['and barepass, tok/en-encoded and tok%2Fen-encoded', 'and [redacted], [redacted] and [redacted]'],
    ['Authorization: Bearer abcdefghijkl', 'Authorization: Bearer [redacted]'],
    ['http://127.0.0.1:8331/api/anime/jobs?x=a@b', 'http://127.0.0.1:8331/api/anime/jobs?x=a@b'],
  ])('turns %j into %j', (text, expected) => {
    expect(redaction.text(text)).toBe(expected);
  });

  it('knows the passwords that PostgreSQL takes in a query', () => {
    const told = new Redaction();
    told.addUrl('postgres://db/tower?user=me&password=in-a-query');
    expect(told.text('it said in-a-query')).toBe('it said [redacted]');
  });

  it('hides a secret that it was told, as it is and as it stands in addresses', () => {
    const told = new Redaction();
    told.add('se/cret-of-a-card');
    expect(told.text('se/cret-of-a-card and se%2Fcret-of-a-card')).toBe('[redacted] and [redacted]');
  });

  it('hides values under secret names at any depth and keeps everything else', () => {
    const line = {
      msg: 'x',
      token: 'abc',
      nested: { Password: 'p', list: [{ apiKey: 'k', keep: 1 }] },
      databaseUrl: 'postgres://h',
      tokens: 12,
      nothing: null,
    };
    expect(redaction.fields(line)).toEqual({
      msg: 'x',
      token: '[redacted]',
      nested: { Password: '[redacted]', list: [{ apiKey: '[redacted]', keep: 1 }] },
      databaseUrl: '[redacted]',
      tokens: 12,
      nothing: null,
    });
  });

  it('does not take ordinary short words for secrets', () => {
    const careless = new Redaction();
    careless.addUrl('postgres://tower:tower@db/tower');
    expect(careless.text('the tower stands')).toBe('the tower stands');
  });
});
