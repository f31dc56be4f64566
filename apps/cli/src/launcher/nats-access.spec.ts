import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsUsers, parseNatsUrl } from '@tower/bus';
import { readTowerEnv } from '../env';
import { towerHome } from '../home';
import { Redaction } from '../logs/redaction';
import { NatsAccess } from './nats-access';

const folder = mkdtempSync(join(tmpdir(), 'tower-nats-access-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const accessOf = (env: NodeJS.ProcessEnv, redaction = new Redaction()): NatsAccess =>
  new NatsAccess(readTowerEnv(env), towerHome(folder), redaction);

describe('access to a NATS of the operator', () => {
  it('is by one address for all, or by one of its own where there is one', () => {
    const access = accessOf({
      NATS_URL: 'nats://all:shared-secret@one',
      NATS_URL_RENDERING: 'nats://rendering:its-own@one',
    });
    expect(access.isGiven).toBe(true);
    expect(access.urlFor('rendering')).toBe('nats://rendering:its-own@one');
    expect(access.urlFor('quality')).toBe('nats://all:shared-secret@one');
  });

  it('is refused at once when an address cannot be read, without showing it', () => {
    const attempt = (): unknown => accessOf({ NATS_URL: 'nats://one', NATS_URL_QUALITY: 'nats://quality:sec/ret@one' });
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'nats_url_invalid', message: expect.not.stringContaining('sec/ret') }),
    );
  });

  it('needs NATS_URL before any other', () => {
    expect(() => readTowerEnv({ NATS_URL_QUALITY: 'nats://quality:x@one' })).toThrow(/NATS_URL: is missing/);
  });
});

describe('access to our own NATS', () => {
  it('has a password per user, the same at each start, that no log shows; publishers find theirs in a file', () => {
    const redaction = new Redaction();
    const access = accessOf({}, redaction);
    expect(access.isGiven).toBe(false);
    expect(() => access.urlFor('quality')).toThrow(expect.objectContaining({ code: 'nats_not_started' }));
    access.announce('nats://127.0.0.1:4222');
    const home = towerHome(folder);
    const publisher = readFileSync(home.natsPublisherUrl, 'utf8').trim();
    const passwords = [
      publisher,
      ...natsUsers.filter((user) => user !== 'publisher').map((user) => access.urlFor(user)),
    ].map((url) => parseNatsUrl(url).pass ?? '');
    expect(new Set(passwords).size).toBe(natsUsers.length);
    for (const password of passwords) {
      expect(password.length).toBeGreaterThanOrEqual(43);
      expect(redaction.text(`it said ${password}`)).toBe('it said [redacted]');
    }
    for (const file of [home.natsPublisherUrl, home.natsSecret]) expect(statSync(file).mode & 0o777).toBe(0o600);

    const again = accessOf({});
    again.announce('nats://127.0.0.1:4222');
    expect(again.urlFor('rendering')).toBe(access.urlFor('rendering'));
    again.withdraw();
    expect(() => statSync(home.natsPublisherUrl)).toThrow('ENOENT');
  });
});
