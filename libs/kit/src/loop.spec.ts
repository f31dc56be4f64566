import { setTimeout as sleep } from 'node:timers/promises';
import { Loop } from './loop';

/** Milliseconds; no round of a test is waited for that long. */
const long = 60_000;

/** Lets everything happen that needs no time. */
const settled = (): Promise<void> => sleep(5);

/** A promise with its handle outside. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

let loop: Loop;
let rounds: number;

beforeEach(() => {
  loop = new Loop();
  rounds = 0;
});
afterEach(() => loop.stop().catch(() => undefined));

const resting = (ms: number) => () => {
  rounds += 1;
  return Promise.resolve(ms);
};

it('begins its first round before start returns', () => {
  loop.start(resting(long));
  expect(rounds).toBe(1);
});

it('begins the next round when the rest is over, and at once after a rest of 0', async () => {
  loop.start(() => {
    rounds += 1;
    return Promise.resolve(rounds === 1 ? 0 : rounds === 2 ? 20 : long);
  });
  await settled();
  expect(rounds).toBe(2);
  await sleep(40);
  expect(rounds).toBe(3);
});

it('does not begin a round before its rest is over', async () => {
  loop.start(resting(long));
  await sleep(30);
  expect(rounds).toBe(1);
});

it('is woken from its rest', async () => {
  loop.start(resting(long));
  await settled();
  loop.wake();
  await settled();
  expect(rounds).toBe(2);
});

it('skips the rest after a round during which it was woken, once', async () => {
  const { opened, open } = gate();
  loop.start(async () => {
    rounds += 1;
    if (rounds === 1) await opened;
    return long;
  });
  loop.wake();
  loop.wake();
  await settled();
  expect(rounds).toBe(1);
  open();
  await settled();
  expect(rounds).toBe(2);
});

it('waits at stop for the round that is under way, and begins no other', async () => {
  const { opened, open } = gate();
  let isStopped = false;
  loop.start(async () => {
    rounds += 1;
    await opened;
    return 0;
  });
  const stopped = loop.stop().then(() => (isStopped = true));
  await settled();
  expect(isStopped).toBe(false);
  expect(loop.isStopping).toBe(true);
  expect(loop.signal.aborted).toBe(true);
  open();
  await stopped;
  expect(rounds).toBe(1);
});

it('stops at once while it rests, and as often as it is asked to', async () => {
  loop.start(resting(long));
  await settled();
  await Promise.all([loop.stop(), loop.stop()]);
  await loop.stop();
  expect(rounds).toBe(1);
});

it('does nothing when it was stopped before it was started', async () => {
  await loop.stop();
  loop.start(resting(0));
  await settled();
  expect(rounds).toBe(0);
});

it('is not started twice', () => {
  loop.start(resting(long));
  expect(() => loop.start(resting(long))).toThrow('a loop is started once');
});

it('pauses within a round whoever wakes it, until it is stopped', async () => {
  let paused = false;
  loop.start(async () => {
    rounds += 1;
    await loop.pause(long);
    paused = true;
    return long;
  });
  loop.wake();
  await settled();
  expect(paused).toBe(false);
  await loop.stop();
  expect(paused).toBe(true);
  expect(rounds).toBe(1);
});

it('says at stop what a round threw', async () => {
  const { opened, open } = gate();
  loop.start(async () => {
    await opened;
    throw new Error('this round is broken');
  });
  const stopped = expect(loop.stop()).rejects.toThrow('this round is broken');
  open();
  await stopped;
});
