import { hostname } from 'node:os';
import { parseEnv } from '@tower/kit';
import { allowedHosts, gatewayEnv } from './env';

describe("the gateway's environment", () => {
  it("listens on the loopback by default, under the loopback's names only", () => {
    const env = parseEnv(gatewayEnv, {});
    expect(env).toMatchObject({
      TOWER_HOST: '127.0.0.1',
      TOWER_PORT: 8331,
      TOWER_INSECURE_LISTEN: 'no',
      TOWER_ALLOWED_HOSTS: [],
    });
    expect([...allowedHosts(env)]).toEqual(['localhost', '127.0.0.1', '[::1]']);
  });

  it.each(['0.0.0.0', '::', '192.168.1.4', 'tower.example', '127.evil.example'])(
    'refuses to listen on %j without keys, and says what to do',
    (TOWER_HOST) => {
      expect(() => parseEnv(gatewayEnv, { TOWER_HOST })).toThrow(/TOWER_HOST.*TOWER_INSECURE_LISTEN=yes/);
      expect(parseEnv(gatewayEnv, { TOWER_HOST, TOWER_INSECURE_LISTEN: 'yes' }).TOWER_HOST).toBe(TOWER_HOST);
    },
  );

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('takes the loopback address %j', (TOWER_HOST) => {
    expect(parseEnv(gatewayEnv, { TOWER_HOST }).TOWER_HOST).toBe(TOWER_HOST);
  });

  it('takes names that a proxy uses', () => {
    const behindProxy = parseEnv(gatewayEnv, { TOWER_ALLOWED_HOSTS: ' Tower.example, studio.local ' });
    expect(allowedHosts(behindProxy).has('tower.example')).toBe(true);
    expect(allowedHosts(behindProxy).has('studio.local')).toBe(true);
  });

  it('takes addresses and own names on an open address that lists none, and no name others made point here', () => {
    const names = allowedHosts(parseEnv(gatewayEnv, { TOWER_HOST: '0.0.0.0', TOWER_INSECURE_LISTEN: 'yes' }));
    const own = hostname().toLowerCase();
    for (const name of [
      '192.168.1.4',
      '[fe80::1]',
      '[::1]',
      '127.0.0.1',
      'localhost',
      own,
      `${own.split('.', 1)[0]}.local`,
    ])
      expect([name, names.has(name)]).toEqual([name, true]);
    for (const name of ['evil.example', '192.168.1.4.nip.io', '1.2.3', '[evil]', 'fe80::1', ''])
      expect([name, names.has(name)]).toEqual([name, false]);
  });
});
