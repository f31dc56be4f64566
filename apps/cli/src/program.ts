import { towerVersion } from '@tower/kit';
import { Command } from 'commander';

/** What `tower` understands. Each command is loaded when it is asked for: `--help` needs no database driver. */
export function towerProgram(leave: (code: number) => void): Command {
  const program = new Command('tower').description('Self-hosted anime production: starts Tower and talks to it').version(towerVersion);

  program
    .command('start')
    .description('start everything on this machine and serve until Ctrl-C')
    .option('--verbose', 'show every line of the log, not only warnings and errors', false)
    .action(async (options: { verbose: boolean }) => {
      const { start } = await import('./commands/start.js');
      leave(await start(options));
    });
  return program;
}
