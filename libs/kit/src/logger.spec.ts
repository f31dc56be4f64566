import { withoutCredentials } from './logger';

describe('withoutCredentials', () => {
  it.each([
    ['nats://user:secret@one:4222', 'nats://one:4222'],
    ['nats://secret@one:4222', 'nats://one:4222'],
    ['nats://user:secret@one:4222,nats://secret@two:4222', 'nats://one:4222,nats://two:4222'],
    ['nats://user:sec@ret@one', 'nats://one'],
    ['user:secret@one:4222', 'one:4222'],
    ['nats://one:4222/,user:secret@two', 'nats://one:4222/,two'],
    ['postgres://tower:secret@db:5432/tower', 'postgres://db:5432/tower'],
    ['http://127.0.0.1:8331/jobs?x=a@b', 'http://127.0.0.1:8331/jobs?…'],
    ['https://card.example/comfy?token=secret', 'https://card.example/comfy?…'],
    ['https://card.example/#token=secret', 'https://card.example/?…'],
    ['postgres://db/tower?user=me&password=secret', 'postgres://db/tower?…'],
    ['/login?next=secret', '/login?…'],
  ])('turns %s into %s', (url, expected) => {
    expect(withoutCredentials(url)).toBe(expected);
  });
});
