import { promisify } from 'node:util';
import { AddressGuard, isPublicAddress } from './address-guard';

it.each([
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fc00::1',
  'fdff::1',
  'ff02::1',
  '2001:db8::1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:a9fe:a9fe',
  'no address',
  '',
])('%j is not on the open internet', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

it.each([
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '192.169.0.1',
  '2606:4700::1111',
  '::ffff:1.1.1.1',
])('%j is on the open internet', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

describe('AddressGuard', () => {
  const check = (source: string, url: string) => (): void => new AddressGuard(source).check(new URL(url));
  const refused = expect.objectContaining({ code: 'download_redirect_refused' }) as Error;

  it('goes wherever the operator named, also on the own network', () => {
    expect(check('https://nas.local/a', 'https://nas.local/b')).not.toThrow();
    expect(check('https://10.0.0.7/a', 'https://10.0.0.7/b')).not.toThrow();
    expect(new AddressGuard('https://nas.local/a').lookupFor(new URL('https://nas.local/b'))).toBeUndefined();
  });

  it('never leaves https, except on this very machine', () => {
    expect(check('https://example.org/a', 'http://example.org/a')).toThrow(refused);
    expect(check('http://10.0.0.7/a', 'http://10.0.0.7/a')).toThrow(refused);
    expect(check('https://example.org/a', 'http://127.0.0.1/a')).toThrow(refused);
    expect(check('http://127.0.0.1:1/a', 'http://[::1]:2/a')).not.toThrow();
  });

  it('is not led to addresses inside', () => {
    for (const url of [
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://192.168.0.1/',
      'https://[::ffff:10.0.0.1]/',
      'https://0x7f.1/',
      'https://2130706433/',
    ])
      expect(check('https://example.org/a', url)).toThrow(refused);
  });

  it('looks at what a name means when it connects', async () => {
    const lookup = new AddressGuard('https://example.org/a').lookupFor(new URL('https://localhost/a'));
    await expect(promisify(lookup!)('localhost', {})).rejects.toMatchObject({ code: 'download_redirect_refused' });
    const here = new AddressGuard('http://127.0.0.1:1/a').lookupFor(new URL('http://localhost:2/a'));
    await expect(promisify(here!)('localhost', { all: true })).resolves.toEqual(
      expect.arrayContaining([expect.objectContaining({ family: expect.any(Number) as number })]),
    );
  });
});
