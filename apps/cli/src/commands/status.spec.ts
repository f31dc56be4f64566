import type { GpuView, StatusView, UtilisationView } from '@tower/contracts';
import { repositoryRoot } from '@tower/kit';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkNode } from './doctor';
import { describeNats, describeStatus, isWell } from './status';

const card: GpuView = {
  name: 'rtx3060',
  url: 'http://127.0.0.1:8188',
  vendor: 'nvidia',
  state: 'idle',
  detail: 'idle',
  simulated: true,
  comfyui_version: '0.3.64',
  device: 'cuda:0',
  vram_mb: 1,
  vram_free_mb: 1,
  prefers: [],
  only: false,
  checkpoints: [],
  current_job_id: null,
  drained: null,
  claimed_mb: 0,
  foreign_prompts: 0,
  warnings: [],
  last_seen_at: null,
};
const used: UtilisationView = {
  window_seconds: 3_600,
  attempts: 9,
  busy_share: 0.5,
  idle_with_work_seconds: 3,
  model_swaps: 2,
  model_swaps_unknown: null,
  estimates: { judged: 8, within_fifth: 7, in_interval: 6, median_error: 0.08 },
};
const gibibyte = 1024 ** 3;
const view: StatusView = {
  version: '0.1.0',
  simulated: true,
  processes: [
    {
      service: 'gateway',
      state: 'ready',
      pid: 7,
      version: '0.1.0',
      started_at: null,
      uptime_seconds: 600,
      last_seen_at: null,
      checks: {},
    },
  ],
  dead_letters: [],
  rendering: {
    queue: {
      pending: 0,
      queued: 2,
      processing: 1,
      quality_check: 0,
      oldest_queued_seconds: 5,
      paused: null,
      paused_jobs: 0,
    },
    gpus: [card],
    utilisation: {},
    leader: { holder: 'x', fence: 1, until: null },
    planner: null,
    library: { free_bytes: 20 * gibibyte, total_bytes: 100 * gibibyte },
    machine: {
      ffmpeg: { version: '7.1', source: 'system', warning: null },
      warnings: ['the services run as root: because'],
    },
    disks: [],
    models: { present: {}, missing: [] },
  },
};

describe('tower status', () => {
  it('says what people stopped by hand, and how to go on', () => {
    const paused = { by: 'Ada', since: '2026-12-01T12:00:00.000Z', reason: '' };
    const rendering = view.rendering && {
      ...view.rendering,
      queue: { ...view.rendering.queue, paused, paused_jobs: 2 },
      gpus: [{ ...card, drained: paused, claimed_mb: 6_000 }],
      utilisation: { rtx3060: used },
    };
    const text = describeStatus('http://x', { ...view, rendering }).join('\n');
    expect(text).toContain('drained by Ada since 2026-12-01T12:00:00.000Z: tower gpus resume rtx3060');
    expect(text).toContain('6000 MiB are claimed by other programs');
    expect(text).toContain('the queue is paused by Ada since 2026-12-01T12:00:00.000Z: tower queue resume');
    expect(text).toContain('2 jobs are paused');
    expect(text).toContain('last hour: 50 % busy with 9 attempts, 3 s idle with work waiting, 2 swaps');
    expect(text).toContain('estimates: off by 8 % (median of 8 attempts), 7 within 20 %, 6 in their interval');
  });

  it('tells a person what runs, what the cards do and what waits', () => {
    expect(describeStatus('http://127.0.0.1:8331', view)).toEqual([
      'Tower 0.1.0 at http://127.0.0.1:8331 (GPUs are SIMULATED)',
      '',
      'processes',
      '  gateway        ready     pid 7        up 10 min',
      '',
      'cards',
      '  rtx3060        idle      http://127.0.0.1:8188  idle (simulated)',
      '',
      'jobs: 2 waiting, the oldest for 5 s; 1 on cards; 0 in the quality check',
      'library: 20.0 GiB free of 100.0 GiB',
      "ffmpeg: 7.1 (the system's)",
      'warning: the services run as root: because',
    ]);
  });

  it('says which service could not handle messages, and how to see them', () => {
    const newest = {
      id: '01a1fbd7-c04b-718d-89fc-06181ab1a4b8',
      service: 'quality',
      state: 'open' as const,
      stream: 'RENDERING',
      stream_seq: 7,
      subject: 'evt.x',
      lost: false,
      reason: 'after 8 deliveries: odd',
      deliveries: 8,
      at: '2026-01-01T00:00:00.000Z',
      redrives: 0,
      last_failure: null,
      settled_at: null,
    };
    const lines = describeStatus('u', { ...view, dead_letters: [{ service: 'quality', open: 2, newest: [newest] }] });
    expect(lines).toContain(
      '  quality        2 messages could not be handled (tower dead-letters list ' +
        '--service quality), the newest: after 8 deliveries: odd',
    );
  });

  it('shows which check of a process fails, and that rendering is silent', () => {
    const degraded = {
      ...view,
      rendering: null,
      processes: [
        {
          ...view.processes[0]!,
          state: 'degraded' as const,
          checks: { nats: { ok: false, detail: 'reconnecting' }, database: { ok: true, detail: 'answers' } },
        },
      ],
    };
    const lines = describeStatus('u', degraded);
    expect(lines).toContain('  gateway        degraded  pid 7        up 10 min  nats: reconnecting');
    expect(lines.at(-1)).toMatch(/rendering does not answer/);
  });

  it('says which disk work waits for', () => {
    const disk = {
      place: 'library' as const,
      ok: false,
      detail: "the library's disk is full: 3.0 MiB free, 512 MiB needed. Make room there.",
      free_bytes: 3,
      total_bytes: 9,
      needed_bytes: 5,
      file_system: null,
      lacks: [],
    };
    const lines = describeStatus('u', {
      ...view,
      rendering: { ...view.rendering!, disks: [disk, { ...disk, place: 'home', ok: true, detail: '1 GiB free' }] },
    });
    expect(lines.filter((line) => line.startsWith('work waits'))).toEqual([`work waits: ${disk.detail}`]);
  });

  it('says what the file system of the library lacks and what becomes of it', () => {
    const disk = {
      place: 'library' as const,
      ok: true,
      detail: '3 GiB free',
      free_bytes: 3,
      total_bytes: 9,
      needed_bytes: 5,
      file_system: {
        kind: 'exFAT',
        hard_links: false,
        exclusive_create: true,
        replacing_rename: true,
        flushes_files: true,
        flushes_folders: true,
        case_sensitive: false,
        longest_name: 255,
        takes_own_names: true,
      },
      lacks: ['no hard links: …', 'one more'],
    };
    const lines = describeStatus('u', { ...view, rendering: { ...view.rendering!, disks: [disk] } });
    expect(lines).toContain('the disk of the library is exFAT: no hard links: …; one more');
  });

  it('is well when every process is ready and a card answers', () => {
    const gpus = (state: GpuView['state']): StatusView => ({
      ...view,
      rendering: { ...view.rendering!, gpus: [{ ...card, state }] },
    });
    expect([
      isWell(view),
      isWell(gpus('busy')),
      isWell(gpus('down')),
      isWell({ ...view, rendering: null }),
      isWell({ ...view, processes: [{ ...view.processes[0]!, state: 'down' }] }),
    ]).toEqual([true, true, false, false, false]);
  });
});

describe('where publishers go', () => {
  it('is said with their user, the place of their password and a command to copy, and never with the password', () => {
    const folder = mkdtempSync(join(tmpdir(), "tower's-status-"));
    const file = join(folder, 'nats-publisher.url');
    writeFileSync(file, 'nats://publisher:hush@127.0.0.1:4222\n');
    const text = describeNats(file, undefined).join('\n');
    expect(text).toMatch(/^nats: nats:\/\/127\.0\.0\.1:4222; publishers log in as "publisher", with the address in /);
    expect(text).toContain('cmd.rendering.v1.request_job');
    expect(text).not.toContain('hush');
    rmSync(folder, { recursive: true });
    expect(describeNats(file, undefined)).toEqual([]);
    expect(describeNats(file, 'nats://me:hush@elsewhere:4222').join()).toMatch(
      /^nats: nats:\/\/elsewhere:4222, a server that Tower does not run/,
    );
  });
});

describe('the age of Node', () => {
  it.each([
    ['20.19.0', 'ok'],
    ['24.11.0', 'ok'],
    ['26.0.0', 'ok'],
    ['24.21.3', 'ok'],
    ['20.18.9', 'problem'],
    ['18.20.0', 'problem'],
    ['24.12.0-nightly', 'ok'],
    ['20.19.0-nightly', 'ok'],
    ['22.12.9', 'problem'],
    ['24.0.0', 'problem'],
    ['21.7.3', 'note'],
    ['99.0.0', 'note'],
  ])('%s is %s', (version, level) => {
    const { engines } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    expect(checkNode(version, engines.node).level).toBe(level);
  });
});
