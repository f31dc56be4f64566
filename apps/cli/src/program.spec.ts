import { towerProgram } from './program';

/** What a command behind others is given, in words as they are typed. */
function optionsOf(names: readonly string[], words: readonly string[]): unknown {
  const program = towerProgram(() => undefined);
  let command = program;
  for (const name of names) {
    const next = command.commands.find((one) => one.name() === name);
    if (next === undefined) throw new Error(`tower has no command ${names.join(' ')}`);
    command = next;
  }
  let given: unknown;
  command.action(() => {
    given = command.opts();
  });
  program.parse([...names, ...words], { from: 'user' });
  return given;
}

it('an option belongs to the command behind which it stands, also where the one before has it too', () => {
  const limited = { limit: 3, json: true };
  expect(optionsOf(['jobs', 'decisions'], ['an-id', '--limit', '3', '--json'])).toEqual(limited);
  expect(optionsOf(['jobs', 'decisions'], ['--json', '--limit', '3', 'an-id'])).toEqual(limited);
  expect(optionsOf(['jobs', 'explain'], ['an-id', '--json'])).toEqual({ json: true });
  expect(optionsOf(['gpus', 'drain'], ['a', '--json'])).toMatchObject({ json: true });
  expect(optionsOf(['jobs'], ['--limit', '3', '--json'])).toEqual(limited);
});
