import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { endLeftovers } from './leftovers';
import { isSameProcess, observeProcess, readRunRecords, writeRunRecord } from './run-record';

const logger = pino({ level: 'silent' });

/** A process that lives until it is ended; `stubborn` ones take no notice of SIGTERM. */
async function startSleeper(stubborn = false): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['-e', `${stubborn ? "process.on('SIGTERM', () => {});" : ''} setInterval(() => {}, 1000); console.log('up')`],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await once(child.stdout, 'data');
  return child;
}

describe('endLeftovers', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tower-leftovers-'));
  const children: ChildProcess[] = [];
  const sleeper = async (
    stubborn = false,
  ): Promise<{ child: ChildProcess; record: { pid: number; identity: string; command: string } }> => {
    const child = await startSleeper(stubborn);
    children.push(child);
    const record = observeProcess(child.pid ?? 0);
    if (record === undefined) throw new Error('the sleeper is gone');
    return { child, record };
  };
  const write = (name: string, record: { pid: number; identity: string; command: string }): void =>
    writeRunRecord(directory, { name, rank: 'service', startedAt: new Date().toISOString(), ...record });

  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });

  it('ends processes that are the recorded ones, frozen and stubborn ones too, and forgets them', async () => {
    const polite = await sleeper();
    const frozen = await sleeper();
    const stubborn = await sleeper(true);
    frozen.child.kill('SIGSTOP');
    write('polite', polite.record);
    write('frozen', frozen.record);
    write('stubborn', stubborn.record);

    expect((await endLeftovers(directory, logger)).map((record) => record.name).sort()).toEqual([
      'frozen',
      'polite',
      'stubborn',
    ]);
    expect([polite, frozen, stubborn].filter(({ record }) => isSameProcess(record))).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  }, 20_000);

  it('leaves a process alone that merely has the same number, or another command', async () => {
    const { child, record } = await sleeper();
    write('reused-number', { ...record, identity: `${record.pid}:an-earlier-boot:1` });
    write('other-program', { ...record, command: 'node something-else.js' });
    expect(await endLeftovers(directory, logger)).toEqual([]);
    expect(child.exitCode ?? child.signalCode).toBeNull();
    expect(isSameProcess(record)).toBe(true);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('takes half-written records for none', () => {
    writeFileSync(join(directory, 'cut.json'), '{"name":"cut","pid":1');
    expect(readRunRecords(directory)).toEqual([]);
  });
});
