// A checker that finds nothing proves nothing: these are the faults that it has to find.
import type { JobView } from '@tower/contracts';
import type { ExecutionLogEntry } from '../apps/comfy-sim/src/execution-log';
import { expectCardsNeverShared } from './invariants';

type Moment = 'accepted' | 'removed' | 'start' | 'end' | 'interrupted' | 'boot';

/** `a:start b:end …` as a card would have written it. */
const logOf = (text: string): ExecutionLogEntry[] => {
  const started = new Map<string, number>();
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [prompt = '', moment] = word.split(':') as [string, Moment];
      const duplicates = started.get(prompt) ?? 0;
      if (moment === 'start') started.set(prompt, duplicates + 1);
      const event = moment === 'interrupted' ? 'end' : moment;
      return {
        event,
        prompt_id: prompt,
        outcome: moment === 'interrupted' ? 'interrupted' : 'success',
        ...(moment === 'start' && duplicates > 0 ? { duplicates } : {}),
      } as unknown as ExecutionLogEntry;
    });
};

/** One job; per task the prompts of its attempts, rejected ones with a `!`. */
const jobOf = (...tasks: string[][]): JobView =>
  ({
    tasks: tasks.map((prompts, index) => ({
      id: `task-${index}`,
      attempts: prompts.map((prompt) => ({
        prompt_id: prompt.replace('!', ''),
        verdict: prompt.endsWith('!') ? 'failed' : 'passed',
      })),
    })),
  }) as unknown as JobView;

const check =
  (log: string, ...tasks: string[][]) =>
  (): void =>
    expectCardsNeverShared({ card: logOf(log) }, [jobOf(...tasks)]);
const whole = (prompt: string): string => `${prompt}:accepted ${prompt}:start ${prompt}:end`;

describe('expectCardsNeverShared', () => {
  it.each([
    ['one prompt after the other', `${whole('a')} ${whole('b')}`, [['a'], ['b']]],
    [
      'a prompt that died with its server and was sent again under a new number',
      `a:accepted a:start boot ${whole('b')}`,
      [['a', 'b']],
    ],
    ['an interrupted attempt and a good one', `a:accepted a:start a:interrupted ${whole('b')}`, [['a', 'b']]],
    ['a prompt that waits behind another one', 'a:accepted a:start b:accepted a:end b:start b:end', [['a'], ['b']]],
    [
      'a prompt that was taken back, and another one in its place',
      'a:accepted a:start b:accepted b:removed c:accepted a:end c:start c:end',
      [['a'], ['b'], ['c']],
    ],
    ['a picture that was rejected and made anew', `${whole('a')} ${whole('b')}`, [['a!', 'b']]],
  ])('accepts %s', (_, log, tasks) => {
    expect(check(log.replace('boot', ':boot'), ...tasks)).not.toThrow();
  });

  it.each([
    ['two prompts running at once', 'a:accepted a:start b:accepted b:start a:end b:end', [['a'], ['b']]],
    [
      'a third prompt behind the first two',
      'a:accepted a:start b:accepted c:accepted a:end b:start b:end c:start c:end',
      [['a'], ['b'], ['c']],
    ],
    ['one prompt started twice', 'a:accepted a:start a:end a:accepted a:start a:end', [['a']]],
    ['a task rendered to the end twice', `${whole('a')} ${whole('b')}`, [['a', 'b']]],
    ['a prompt that Tower knows nothing of', whole('x'), [['a']]],
  ])('finds %s', (_, log, tasks) => {
    expect(check(log, ...tasks)).toThrow();
  });
});
