import { serverPlaces, whySameServer, type ServerTraits } from './same-server';

const line = (n: number, m = 'got prompt\n') => ({ t: `2026-03-01T12:00:00.00000${n}`, m });
const server = (changes: Partial<ServerTraits>): ServerTraits => ({
  url: 'http://10.0.0.5:8188',
  places: ['10.0.0.5:8188/'],
  log: [],
  about: 'x',
  ...changes,
});

it('knows one server under two names by its log, whatever stands between', () => {
  const log = [line(1), line(2), line(3)];
  const proxied = server({ url: 'https://gpu.example', places: ['10.0.0.9:443/'], log: [line(0), ...log] });
  expect(whySameServer(server({ log }), proxied)).toBe('their logs are the same');
  expect(whySameServer(server({ log }), { ...proxied, log: [line(4), line(5), line(6)] })).toBeUndefined();
  expect(
    whySameServer(server({ log }), { ...proxied, log: [line(1, 'other\n'), line(2, 'words\n'), line(3, 'here\n')] }),
  ).toBeUndefined();
});

it('knows it by where the names lead when it shows no log', () => {
  const local = server({ url: 'http://localhost:8188', places: ['[::1]:8188/', '127.0.0.1:8188/'] });
  const literal = server({ url: 'http://127.0.0.1:8188', places: ['127.0.0.1:8188/'] });
  expect(whySameServer(local, literal)).toBe('both names lead to 127.0.0.1:8188');
  // Its log has run on between the two looks.
  expect(whySameServer({ ...local, log: [line(1), line(2)] }, { ...literal, log: [line(5), line(6)] })).toBe(
    'both names lead to 127.0.0.1:8188',
  );
  expect(whySameServer({ ...local, log: [line(1), line(5)] }, { ...literal, log: [line(2), line(6)] })).toBeUndefined();
  expect(whySameServer(local, { ...literal, about: 'another device' })).toBeUndefined();
  expect(whySameServer(local, { ...literal, places: ['127.0.0.1:8189/'] })).toBeUndefined();
  expect(whySameServer(local, { ...literal, places: ['127.0.0.1:8188/second/'] })).toBeUndefined();
});

it('does not take two names that one proxy serves for one server', () => {
  const places = ['10.0.0.9:443/'];
  expect(
    whySameServer(server({ url: 'https://a.example', places }), server({ url: 'https://b.example', places })),
  ).toBeUndefined();
});

it('finds where spellings of this machine lead', async () => {
  const [literal, short, name] = await Promise.all(
    ['http://127.0.0.1:8188', 'http://127.1:8188', 'http://localhost:8188'].map(serverPlaces),
  );
  expect(literal).toEqual(['127.0.0.1:8188/']);
  expect(short).toEqual(literal);
  expect(name).toContain('127.0.0.1:8188/');
  expect(await serverPlaces('http://nowhere.invalid')).toEqual([]);
});
