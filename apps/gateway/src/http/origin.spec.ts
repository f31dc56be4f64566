import { isOwnOrigin, requireKnownHost, requireOneHost, requireOwnOrigin } from './origin';

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

describe('requireKnownHost', () => {
  it.each(['localhost', 'localhost:8331', 'LOCALHOST:8331', '127.0.0.1:8331', '[::1]:8331', '[::1]'])(
    'lets %j in',
    (host) => {
      expect(() => requireKnownHost({ host }, loopback)).not.toThrow();
    },
  );

  it.each(['evil.example', 'evil.example:8331', 'localhost.evil.example', '127.0.0.1.nip.io:8331', 'localhost:80:80'])(
    'refuses %j, a name that somebody else made point here',
    (host) => {
      expect(() => requireKnownHost({ host }, loopback)).toThrow(expect.objectContaining({ code: 'host_refused' }));
    },
  );

  it('refuses a request without a host', () => {
    expect(() => requireKnownHost({}, loopback)).toThrow(expect.objectContaining({ code: 'http_malformed' }));
  });
});

describe('requireOneHost', () => {
  const request = (url: string, ...hosts: string[]) => ({
    url,
    rawHeaders: hosts.flatMap((host, at) => [at === 0 ? 'Host' : 'hOST', host]),
    headers: { host: hosts[0] },
  });

  it.each(['/', '/api/anime/jobs?limit=1', '*', 'http://localhost:8331/status', 'HTTP://LOCALHOST:8331/status'])(
    'lets %j in',
    (url) => {
      expect(() => requireOneHost(request(url, 'localhost:8331'))).not.toThrow();
    },
  );

  it.each([
    ['http://evil.example/status', 'localhost:8331'],
    ['http://localhost:8332/status', 'localhost:8331'],
    ['https://localhost:8331/', 'localhost:8331'],
    ['http://you@localhost:8331/', 'localhost:8331'],
    ['evil.example:80', 'localhost:8331'],
    ['http://', 'localhost:8331'],
  ])('refuses %j under %j', (url, host) => {
    expect(() => requireOneHost(request(url, host))).toThrow(expect.objectContaining({ code: 'http_malformed' }));
  });

  it('refuses two hosts, also twice the same', () => {
    expect(() => requireOneHost(request('/', 'localhost', 'evil.example'))).toThrow(
      expect.objectContaining({ code: 'http_malformed' }),
    );
    expect(() => requireOneHost(request('/', 'localhost', 'localhost'))).toThrow(
      expect.objectContaining({ code: 'http_malformed' }),
    );
  });
});

describe('isOwnOrigin', () => {
  it.each([
    [{ host: 'localhost:8331' }, true],
    [{ host: 'localhost:8331', origin: 'http://localhost:8331' }, true],
    [{ host: 'tower.example', origin: 'https://tower.example' }, true],
    [{ host: 'tower.example:443', origin: 'https://tower.example' }, true],
    [{ host: 'localhost:8331', origin: 'http://localhost:3000' }, false],
    [{ host: 'localhost:8331', origin: 'http://evil.example' }, false],
    [{ host: 'localhost:8331', origin: 'null' }, false],
    [{ host: 'localhost:8331', origin: 'not an origin' }, false],
    [{ host: 'localhost:8331', origin: '' }, false],
    [{ host: '?', origin: 'http://localhost' }, false],
    [{ host: 'localhost:8331', 'sec-fetch-site': 'cross-site' }, false],
    [{ host: 'localhost:8331', 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8331' }, true],
  ])('%j is our own page: %j', (headers, own) => {
    expect(isOwnOrigin(headers)).toBe(own);
  });

  it('only matters for what changes something', () => {
    const foreign = { host: 'localhost', origin: 'http://evil.example' };
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(() => requireOwnOrigin(method, foreign)).not.toThrow();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect(() => requireOwnOrigin(method, foreign)).toThrow(expect.objectContaining({ code: 'origin_refused' }));
  });
});
