import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** What is real here: the compiled command, in a process of its own. */
const main = path.join(__dirname, '..', 'dist', 'main.js');
const describeCompiled = existsSync(main) ? describe : describe.skip;

let home: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'comfy-sim-main-'));
});

afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

async function start(...args: string[]): Promise<{ child: ChildProcess; port: number; printed: () => string }> {
  const started = fork(
    main,
    ['--port', '0', '--home', home, '--execution-log', path.join(home, 'log.jsonl'), ...args],
    { silent: true },
  );
  child = started;
  let printed = '';
  started.stdout?.on('data', (text: Buffer) => (printed += text.toString()));
  const [message] = (await once(started, 'message')) as [{ type: string; port: number }];
  expect(message.type).toBe('ready');
  return { child: started, port: message.port, printed: () => printed };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

const light = {
  prompt: {
    1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
    2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'x' } },
  },
};

describeCompiled('the comfy-sim command', () => {
  it('prints one line when it is ready, tells its parent the port, and passes ComfyUI flags by', async () => {
    const { port, printed } = await start(
      '--profile',
      'rx9070xt',
      '--generation',
      '0.33',
      '--disable-auto-launch',
      '--',
      '--reserve-vram',
      '1',
    );
    await sleep(50);
    expect(printed()).toBe(`comfy-sim rx9070xt (0.33) on http://127.0.0.1:${port}\n`);
    const stats = (await (await fetch(`http://127.0.0.1:${port}/system_stats`)).json()) as {
      system: { argv: string[]; comfyui_version: string };
    };
    expect(stats.system.comfyui_version).toBe('0.33.0');
    expect(stats.system.argv).toEqual(expect.arrayContaining(['--simulated', '--reserve-vram']));
  });

  it.each([
    [[], true],
    [['--no-packs'], false],
  ] as const)('given %j has the node packs: %s', async (flags, has) => {
    const { port } = await start(...flags);
    const info = (await (await fetch(`http://127.0.0.1:${port}/object_info/VHS_VideoCombine`)).json()) as object;
    expect(Object.keys(info)).toEqual(has ? ['VHS_VideoCombine'] : []);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends at once on %s, and its sockets see 1006', async (signal) => {
    const started = await start();
    const socket = new WebSocket(`ws://127.0.0.1:${started.port}/ws`);
    await once(socket, 'message');
    const closed = once(socket, 'close') as Promise<[number]>;
    started.child.kill(signal);
    expect((await closed)[0]).toBe(1006);
    if (started.child.exitCode === null && started.child.signalCode === null) await once(started.child, 'exit');
  });

  it('dies of a crash as of kill -9, and its log keeps what was running', async () => {
    const started = await start('--fault', 'crash@2');
    const exited = once(started.child, 'exit');
    await fetch(`http://127.0.0.1:${started.port}/prompt`, { method: 'POST', body: JSON.stringify(light) }).catch(
      () => undefined,
    );
    expect((await exited)[1]).toBe('SIGKILL');
    const events = readFileSync(path.join(home, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['boot', 'accepted', 'start']);
  });

  it('obeys ComfyUI flags behind the dashes', async () => {
    const { port } = await start(
      '--',
      '--output-directory',
      path.join(home, 'elsewhere'),
      '--temp-directory',
      path.join(home, 'scratch'),
      '--cpu',
    );
    const url = `http://127.0.0.1:${port}`;
    await fetch(`${url}/prompt`, { method: 'POST', body: JSON.stringify(light) });
    await until(() => existsSync(path.join(home, 'elsewhere', 'x_00001_.png')));
    const stats = (await (await fetch(`${url}/system_stats`)).json()) as {
      devices: { type: string; index: number | null }[];
    };
    expect(stats.devices).toMatchObject([{ type: 'cpu', index: null }]);
  });

  it.each([
    ['0.33', '--normalvram'],
    ['0.33', '--disable-assets'],
    ['0.3.64', '--enable-assets'],
  ])('as %s does not start with %s, which that version lacks', async (generation, flag) => {
    child = fork(main, ['--generation', generation, '--port', '0', '--home', home, '--', flag], { silent: true });
    expect((await once(child, 'exit'))[0]).toBe(2);
  });

  it('complains about a wrong flag and does not start', async () => {
    child = fork(main, ['--profile', 'gtx480'], { silent: true });
    expect((await once(child, 'exit'))[0]).toBe(1);
  });
});
