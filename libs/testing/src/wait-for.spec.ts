import { waitFor } from './wait-for';

it('gives the first truthy answer', async () => {
  const answers = [undefined, 0, '', ['found']];
  expect(await waitFor(() => answers.shift())).toEqual(['found']);
});

it('asks again when the condition throws', async () => {
  let calls = 0;
  const condition = async (): Promise<string> => {
    calls += 1;
    if (calls < 3) throw new Error('not there yet');
    return 'there';
  };
  expect(await waitFor(condition)).toBe('there');
});

it('says what was waited for, what was last seen, and where', async () => {
  const error: unknown = await waitFor(async () => [].length > 0, {
    timeoutMs: 20,
    describe: 'two rows in the inbox',
  }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    message: 'waited 20 ms for: two rows in the inbox\nlast seen: false',
    stack: expect.stringContaining('wait-for.spec'),
  });
});

it('shows the condition and its last error when nothing else is known', async () => {
  const condition = (): never => {
    throw new Error('stream not found');
  };
  await expect(waitFor(condition, 20)).rejects.toThrow(/stream not found[^]*last seen: an error, stream not found/);
});

it('does not wait for a condition that never answers', async () => {
  await expect(waitFor(() => new Promise<boolean>(() => undefined), 20)).rejects.toThrow('never answered');
});
