import { RestartDetector } from './restart-detector';

it('sees a restart in a refused connection that works again', () => {
  const watch = new RestartDetector();
  expect(watch.answered()).toBe(false);
  watch.connectionRefused();
  watch.connectionRefused();
  expect([watch.answered(), watch.answered(), watch.restarts]).toEqual([true, false, 1]);
});

it('sees a restart in a count of prompts that goes backwards', () => {
  const watch = new RestartDetector();
  expect([3, 4, 9, 0, 1].map((number) => watch.accepted(number))).toEqual([false, false, false, true, false]);
});

it('sees one in a dropped socket together with a vanished prompt, and in neither alone', () => {
  const watch = new RestartDetector();
  expect(watch.promptVanished(1_000)).toBe(false);
  watch.socketDropped(2_000);
  expect(watch.restarts).toBe(0);
  expect(watch.promptVanished(4_000)).toBe(true);
  expect(watch.promptVanished(5_000)).toBe(false);
  watch.socketDropped(10_000);
  expect(watch.promptVanished(900_000)).toBe(false);
});

it('has the server read anew after each drop, once', () => {
  const watch = new RestartDetector();
  watch.socketDropped(1);
  expect([watch.takeDrop(), watch.takeDrop()]).toEqual([true, false]);
});
