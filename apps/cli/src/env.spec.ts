import { join, resolve } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { readTowerEnv } from './env';

describe('readTowerEnv', () => {
  it('needs nothing', () => {
    expect(readTowerEnv({})).toMatchObject({
      TOWER_HOME: join(repositoryRoot, '.tower'),
      TOWER_LIBRARY: join(repositoryRoot, 'library'),
      TOWER_PORT: 8331,
      TOWER_HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
    });
  });

  it('takes a path as the shell meant it', () => {
    expect(readTowerEnv({ TOWER_HOME: 'here' }).TOWER_HOME).toBe(resolve('here'));
  });

  it.each([
    ['TOWER_PORT', '80.5'],
    ['TOWER_PORT', '70000'],
    ['DATABASE_URL', 'mysql://h/db'],
    ['LOG_LEVEL', 'loud'],
    ['TOWER_SIM_TIME_SCALE', '-1'],
    ['TOWER_HOST', '0.0.0.0'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => readTowerEnv({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'environment_invalid', message: expect.stringContaining(name) as string }),
    );
  });

  it('listens elsewhere than on the loopback only when told that this is meant', () => {
    expect(readTowerEnv({ TOWER_HOST: '0.0.0.0', TOWER_INSECURE_LISTEN: 'yes' }).TOWER_HOST).toBe('0.0.0.0');
    expect(readTowerEnv({ TOWER_HOST: '127.0.1.1' }).TOWER_HOST).toBe('127.0.1.1');
  });
});
