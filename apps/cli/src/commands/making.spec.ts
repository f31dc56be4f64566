// Real: HTTP, the command line's own parsing, and for what people see the compiled program: on a pipe, and on a
// pseudo-terminal where this machine has a program that makes one. The gateway is played.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobView } from '@tower/contracts';
import { repositoryRoot } from '@tower/kit';
import { itNeeds } from '@tower/testing';
import { aJob } from '../demo/job.fixture';
import { towerProgram } from '../program';

const id = '01a1fbd7-c04b-718d-89fc-06180000000a';
const picture = '01a1fbd7-c04b-718d-89fc-06180000000c';
const moment = '2026-12-01T12:00:00.000Z';
const estimate = {
  start_at: moment,
  finish_at: moment,
  remaining_seconds: 8,
  low: 4,
  high: 17,
  p80: 12,
  confidence: null,
  basis: 'prior',
};
const project = {
  id,
  name: 'Night Train',
  slug: 'night-train',
  description: '',
  gate_policy: 'enforce',
  created_at: moment,
  updated_at: moment,
  archived_at: null,
};
const accepted = {
  job_id: id,
  status: 'queued',
  seed: 7,
  count: 1,
  workflow: 'anime-still-sd15',
  model_name: 'm',
  preset: 'draft',
  width: 384,
  height: 576,
  steps: 10,
  frame_count: 1,
  fps: null,
  duration_seconds: null,
  sound: false,
  warnings: ['the first 12 frames are read'],
  deadline_at: null,
  deadline_outlook: null,
  given_up: [],
  estimate,
  suggestion: null,
  websocket_url: `/ws/jobs/${id}`,
  job_url: `/api/anime/jobs/${id}`,
};
const upload = {
  id: picture,
  path: 'uploads/aa/a.png',
  sha256: 'a'.repeat(64),
  bytes: 3,
  media_type: 'image/png',
  width: 8,
  height: 8,
  frames: null,
  fps: null,
  duration_seconds: null,
  sound: null,
  created_at: moment,
  used_at: null,
  expires_at: moment,
  content_url: '/c',
  thumbnail_url: '/t',
};
const openApi = JSON.parse(readFileSync(join(repositoryRoot, 'apps', 'gateway', 'openapi.json'), 'utf8')) as {
  components: { schemas: Record<string, { properties: Record<string, unknown> }> };
};

type Look = Pick<JobView, 'status' | 'progress' | 'stage'>;

let server: Server;
let folder: string;
let asked: { method: string; url: string; body: unknown }[];
/** What jobs are at each look, the last for good. */
let looks: Look[];
const environment = { ...process.env };

beforeEach(async () => {
  asked = [];
  looks = [{ status: 'completed', progress: 100, stage: 'Done' }];
  folder = mkdtempSync(join(tmpdir(), 'tower-making-'));
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (chunk: Buffer) => pieces.push(chunk));
    request.on('end', () => {
      const url = (request.url ?? '').replace('/api/anime', '');
      const text = Buffer.concat(pieces).toString();
      const body: unknown = url === '/uploads' || text === '' ? text : JSON.parse(text);
      asked.push({ method: request.method ?? '', url, body });
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answerTo(url)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    TOWER_HOME: folder,
    TOWER_HOST: '127.0.0.1',
    TOWER_PORT: String((server.address() as AddressInfo).port),
  });
});
afterEach(async () => {
  process.env = { ...environment };
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function answerTo(url: string): unknown {
  if (url === '/generate') return accepted;
  if (url === '/uploads') return upload;
  // Nothing is heard here: what counts is what is asked for.
  if (url.startsWith('/ws')) return {};
  if (url.startsWith('/projects')) return { items: [project] };
  if (url.includes('/artifacts')) return { items: [] };
  if (url.startsWith('/jobs?')) return { items: [] };
  return aJob({ id, ...(looks.length > 1 ? looks.shift() : looks[0]) });
}

/** Runs the program in this process; returns its code and what it wrote. */
async function tower(...words: string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      towerProgram(resolve)
        .parseAsync(['node', 'tower', ...words])
        .catch(reject);
    });
    return { code, out };
  } finally {
    write.mockRestore();
  }
}
const bodyOf = async (...words: string[]): Promise<unknown> => {
  await tower('generate', ...words);
  return asked.find(({ url }) => url === '/generate')?.body;
};

describe('tower generate', () => {
  it('asks by the short form when it is told nothing else, and prints a line', async () => {
    const { code, out } = await tower('generate', 'a girl', '--preset', 'draft');
    expect(asked).toEqual([
      { method: 'POST', url: '/generate', body: { type: 'image', prompt: 'a girl', quality: 'draft' } },
    ]);
    expect([code, out]).toEqual([
      0,
      `${id}  anime-still-sd15, 384 × 576, seed 7; ready in about 8 s\n  the first 12 frames are read\n`,
    ]);
  });

  it('says every field of a request', async () => {
    const body = (await bodyOf(
      ...['a girl', '--project', id, '--character', id, '--type', 'full_video', '--negative', 'bad'],
      ...['--no-dynamic-prompts', '--workflow', 'w', '--preset', 'final', '--width', '640', '--height', '480'],
      ...[
        '--steps',
        '20',
        '--cfg',
        '7.5',
        '--sampler',
        'euler',
        '--scheduler',
        'karras',
        '--seed',
        '5',
        '--count',
        '2',
      ],
      ...[
        '--frames',
        '16',
        '--fps',
        '8',
        '--model',
        'm.safetensors',
        '--family',
        'sdxl',
        '--lora',
        'a.safetensors:0.8',
      ],
      ...['--lora', 'b.safetensors', '--reference', `${picture}:0.6`, '--reference-weight', '0.7', '--no-references'],
      ...[
        '--controlnet',
        `pose.pth=${picture}:0.5`,
        '--pose',
        picture,
        '--start-image',
        picture,
        '--end-image',
        picture,
      ],
      ...['--set', 'motion=1.5', '--set', 'loop=true', '--set', 'mode=fast', '--priority', 'high', '--budget', '60'],
      ...['--deadline', moment, '--strict', '--degrade', '--no-quality-check', '--max-regenerations', '0'],
    )) as Record<string, unknown>;
    expect(body).toEqual({
      project_id: id,
      character_ids: [id],
      job_type: 'full_video',
      prompt: 'a girl',
      negative_prompt: 'bad',
      dynamic_prompts: false,
      workflow: 'w',
      preset: 'final',
      width: 640,
      height: 480,
      steps: 20,
      cfg_scale: 7.5,
      sampler_name: 'euler',
      scheduler: 'karras',
      seed: 5,
      count: 2,
      frame_count: 16,
      fps: 8,
      model_name: 'm.safetensors',
      model_family: 'sdxl',
      lora_models: [{ name: 'a.safetensors', strength: 0.8 }, 'b.safetensors'],
      use_ipadapter: false,
      ipadapter_refs: [{ image: picture, weight: 0.6 }],
      ipadapter_weight: 0.7,
      controlnet_models: [{ name: 'pose.pth', image: picture, strength: 0.5 }],
      pose_reference: picture,
      start_image: picture,
      end_image: picture,
      parameters: { motion: 1.5, loop: true, mode: 'fast' },
      priority: 'high',
      time_budget_seconds: 60,
      deadline_at: moment,
      strict_deadline: true,
      allow_degrade: true,
      auto_quality_check: false,
      max_regenerations: 0,
    });
    const fields = openApi.components.schemas['GenerateRequest']?.properties ?? {};
    expect(Object.keys(body).sort()).toEqual(Object.keys(fields).sort());
  });

  it('finds a project by its name, and sends a file of this machine once before it names it', async () => {
    const file = join(folder, 'girl.png');
    writeFileSync(file, 'png');
    expect(await bodyOf('x', '--project', 'Night Train', '--start-image', file, '--pose', file)).toMatchObject({
      project_id: id,
      start_image: picture,
      pose_reference: picture,
    });
    expect(asked.filter(({ url }) => url === '/uploads')).toEqual([{ method: 'POST', url: '/uploads', body: 'png' }]);
  });

  it('asks for several at once, and as JSON', async () => {
    const { out } = await tower('generate', 'a', 'b', '--json');
    expect(asked.map(({ body }) => body)).toEqual(['a', 'b'].map((prompt) => ({ type: 'image', prompt })));
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([accepted, accepted]);
  });

  it('takes the whole request from a file', async () => {
    const file = join(folder, 'request.json');
    writeFileSync(file, JSON.stringify({ project_id: id, steps: 3 }));
    expect(await bodyOf('x', '--body', file)).toEqual({ project_id: id, steps: 3, prompt: 'x' });
  });

  it.each([
    [[], 'give a prompt'],
    [['x', '--width', '5'], 'name a project'],
    [['x', '--project', 'Nowhere'], 'there is no project called Nowhere'],
    [['x', '--project', id, '--set', 'motion'], '--set wants NAME=VALUE'],
    [['x', '--width', 'wide'], 'must be a number'],
    [['x', '--body', '/dev/null'], 'holds no object of JSON'],
  ])('%j is refused before anything is asked for', async (words, why) => {
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await expect(tower('generate', ...words)).rejects.toThrow(why);
    jest.restoreAllMocks();
    expect(asked.some(({ url }) => url === '/generate')).toBe(false);
  });
});

it('tower cancel says why, for each', async () => {
  const { code } = await tower('cancel', id, picture, '--reason', 'enough');
  expect([code, asked]).toEqual([
    0,
    [id, picture].map((job) => ({ method: 'POST', url: `/jobs/${job}/cancel`, body: { reason: 'enough' } })),
  ]);
});

const main = join(repositoryRoot, 'apps', 'cli', 'dist', 'main.js');
const slowly: readonly Look[] = [
  { status: 'queued', progress: 0, stage: 'Waiting: next in line' },
  { status: 'processing', progress: 50, stage: 'Sampling: step 5 of 10' },
  { status: 'completed', progress: 100, stage: 'Done' },
];

function run(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (out += text.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, out }));
  });
}

describe('on a pipe', () => {
  it('tower watch writes plain lines, and ends with how the jobs ended', async () => {
    looks = [...slowly];
    expect(await run(process.execPath, [main, 'watch', id])).toEqual({
      code: 0,
      out: [
        `${id}  queued, 0 %: Waiting: next in line`,
        `${id}  processing, 50 %: Sampling: step 5 of 10`,
        `${id}  completed`,
        '',
      ].join('\n'),
    });
    looks = [{ status: 'failed', progress: 10, stage: 'Failed' }];
    expect(await run(process.execPath, [main, 'watch', id])).toEqual({ code: 3, out: `${id}  failed\n` });
  });

  it('tower generate --watch --json writes an object a line', async () => {
    looks = [...slowly];
    const { code, out } = await run(process.execPath, [main, 'generate', 'x', '--watch', '--json']);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect([code, lines.map(({ type }) => type)]).toEqual([
      0,
      ['accepted', 'progress', 'progress', 'progress', 'result'],
    ]);
  });

  it('tower watch is interrupted by Ctrl-C, with a code of its own', async () => {
    looks = [{ status: 'queued', progress: 0, stage: 'Waiting' }];
    const child = spawn(process.execPath, [main, 'watch', id], { env: process.env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.once('data', () => child.kill('SIGINT'));
    let err = '';
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(130);
    expect(err).toContain('the jobs go on');
  });

  it('tower says with 1 that nobody answers, and with 2 that it was told nonsense', async () => {
    const away = { TOWER_PORT: '1' };
    expect((await run(process.execPath, [main, 'job', id], away)).code).toBe(1);
    expect((await run(process.execPath, [main, 'generate', '--width', 'x'])).code).toBe(2);
  });
});

/** How to run a command on a pseudo-terminal here; undefined where nothing can. */
function terminalMaker(): ((command: string) => [string, string[]]) | undefined {
  const works = (program: string, words: string[]): boolean =>
    spawnSync(program, words, { stdio: 'ignore' }).status === 0;
  if (works('script', ['-qec', 'true', '/dev/null'])) return (command) => ['script', ['-qec', command, '/dev/null']];
  const python = 'import os,pty,sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh","-c",sys.argv[1]])))';
  if (works('python3', ['-c', python, 'true'])) return (command) => ['python3', ['-c', python, command]];
  return undefined;
}
const onTerminal = terminalMaker();

describe('on a terminal', () => {
  const itOnTerminal = itNeeds(onTerminal === undefined ? undefined : 'here', 'script or python3 with pty');
  const watching = (env: NodeJS.ProcessEnv) => {
    const [program, words] = onTerminal?.(`"${process.execPath}" "${main}" watch ${id}`) ?? ['', []];
    return run(program, words, { TERM: 'xterm', COLUMNS: '100', ...env });
  };

  itOnTerminal('tower watch draws a bar over itself, and leaves the outcome', async () => {
    looks = [...slowly];
    const { code, out } = await watching({});
    expect(code).toBe(0);
    expect(out).toContain('░');
    expect(out).toMatch(/rtx3060 +\[█{12}░{12}\] {2}50 %/);
    expect(out).toContain('\u001b[1A');
    expect(out.replaceAll('\r', '')).toContain(`${id}  completed\n`);
  });

  itOnTerminal('NO_COLOR is kept to, and a terminal that cannot be drawn on gets lines', async () => {
    looks = [...slowly];
    expect((await watching({ NO_COLOR: '1' })).out).not.toMatch(/\u001b\[[0-9;]*m/);
    looks = [...slowly];
    const { out } = await watching({ TERM: 'dumb' });
    expect(out).not.toContain('\u001b');
    expect(out).toContain('processing, 50 %');
  });
});

describe('tower artifacts --open', () => {
  it('hands each file to the opener of the desktop, and says where it is without one', async () => {
    const artifact = {
      id: picture,
      job_id: id,
      task_id: id,
      attempt_id: id,
      attempt: 1,
      idx: 0,
      role: 'output',
      path: 'night-train/unfiled/a.png',
      sha256: 'a'.repeat(64),
      bytes: 2_048,
      media_type: 'image/png',
      width: 8,
      height: 8,
      frames: null,
      fps: null,
      duration_seconds: null,
      sound: null,
      gpu: 'rtx3060',
      seed: 7,
      seconds: 1,
      simulated: true,
      verdict: null,
      best: true,
      created_at: moment,
      content_url: `/api/anime/artifacts/${picture}/content`,
      thumbnail_url: '/t',
    };
    server.removeAllListeners('request');
    server.on('request', (_, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ items: [artifact] }));
    });
    const address = `http://127.0.0.1:${process.env['TOWER_PORT'] ?? ''}/api/anime/artifacts/${picture}/content`;
    const node = join(folder, 'node');
    writeFileSync(node, `#!/bin/sh\nexec "${process.execPath}" "$@"\n`);
    chmodSync(node, 0o755);
    const bare = await run(process.execPath, [main, 'artifacts', id, '--open'], { PATH: folder });
    expect(bare).toMatchObject({ code: 1, out: expect.stringContaining(`open it by hand: ${address}`) as string });
    const opener = join(folder, process.platform === 'darwin' ? 'open' : 'xdg-open');
    writeFileSync(opener, `#!/bin/sh\necho "$1" > "${join(folder, 'opened')}"\n`);
    chmodSync(opener, 0o755);
    const opened = await run(process.execPath, [main, 'artifacts', id, '--open'], { PATH: `${folder}:/bin:/usr/bin` });
    expect(opened).toEqual({
      code: 0,
      out: `${address}  8 × 8, 2.0 KiB, rtx3060, seed 7, not judged\n`,
    });
    for (let n = 0; n < 100 && !existsSync(join(folder, 'opened')); n += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(readFileSync(join(folder, 'opened'), 'utf8')).toBe(`${address}\n`);
  });
});

describe('tower completion', () => {
  const has = (program: string): string | undefined =>
    spawnSync(program, ['-c', 'true']).status === 0 ? program : undefined;
  const scriptFor = async (shell: string): Promise<string> => (await tower('completion', shell)).out;

  itNeeds(has('bash'), 'bash')('completes commands, options and their values in bash', async () => {
    const script = join(folder, 'completion.sh');
    writeFileSync(script, await scriptFor('bash'));
    const complete = (...words: string[]): string[] =>
      execFileSync(
        'bash',
        [
          '-c',
          `source "${script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _tower; printf '%s\\n' "\${COMPREPLY[@]}"`,
          'bash',
          ...words,
        ],
        { encoding: 'utf8' },
      )
        .split('\n')
        .filter((word) => word !== '');
    expect(complete('tower', 'ge')).toEqual(['generate']);
    expect(complete('tower', 'jobs', 'ex')).toEqual(['explain']);
    expect(complete('tower', 'generate', 'a', '--pre')).toEqual(['--preset']);
    expect(complete('tower', 'generate', 'a', '--preset', '')).toEqual(['draft', 'low', 'standard', 'high', 'final']);
    expect(complete('tower', 'gpus', 'drain', '--re')).toEqual(['--reason']);
    expect(complete('tower', 'completion', 'x')).toEqual([]);
  });

  it.each(['zsh', 'fish'])('writes a script for %s that names every command', async (shell) => {
    const script = await scriptFor(shell);
    for (const name of towerProgram(() => undefined).commands.map((command) => command.name()))
      expect(script).toContain(name);
  });

  /** Few machines have these shells, CI's among them; that the words are there is held without them. */
  const itWith = (shell: string): jest.It => (has(shell) === undefined ? it.skip : it);

  itWith('zsh')('writes what zsh can read', async () => {
    writeFileSync(join(folder, '_tower'), await scriptFor('zsh'));
    execFileSync('zsh', ['-n', join(folder, '_tower')]);
  });

  itWith('fish')('writes what fish can read', async () => {
    writeFileSync(join(folder, 'tower.fish'), await scriptFor('fish'));
    execFileSync('fish', ['--no-execute', join(folder, 'tower.fish')]);
  });

  it('knows no other shell', async () => {
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await expect(tower('completion', 'tcsh')).rejects.toThrow();
    jest.restoreAllMocks();
  });
});
