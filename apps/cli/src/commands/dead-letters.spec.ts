// Real: HTTP. The gateway is played; what it is asked is written down.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeadLetterView } from '@tower/contracts';
import { deadLettersList, deadLettersSettle, describeLetter } from './dead-letters';

const letterOf = (n: number): DeadLetterView => ({
  id: `01a1fbd7-c04b-718d-89fc-0618000000${String(n).padStart(2, '0')}`,
  service: 'quality',
  state: 'open',
  stream: 'RENDERING',
  stream_seq: n,
  subject: 'evt.x',
  lost: false,
  reason: 'odd',
  deliveries: 8,
  at: '2026-01-01T00:00:00.000Z',
  redrives: 0,
  last_failure: null,
  settled_at: null,
});

let server: Server;
let home: string;
let asked: { url: string; ids?: string[] }[];
let written: string;
const before = { ...process.env };

beforeEach(async () => {
  asked = [];
  written = '';
  home = mkdtempSync(join(tmpdir(), 'tower-letters-'));
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const url = request.url ?? '';
      const { ids = [] } = text === '' ? {} : (JSON.parse(text) as { ids?: string[] });
      asked.push({ url, ...(text === '' ? {} : { ids }) });
      const second = url.includes('cursor=');
      const page = {
        items: [letterOf(second ? 2 : 1)],
        silent: [],
        ...(second ? {} : { next_cursor: 'A'.repeat(22) }),
      };
      const settled = {
        items: ids.map((id) => ({ id, outcome: id.endsWith('2') ? 'failed' : 'redriven', detail: 'as said' })),
      };
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(request.method === 'GET' ? page : settled));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    TOWER_HOME: home,
    TOWER_HOST: '127.0.0.1',
    TOWER_PORT: String((server.address() as AddressInfo).port),
  });
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  process.env = { ...before };
  await new Promise((resolve) => server.close(resolve));
  rmSync(home, { recursive: true });
});

describe('tower dead-letters', () => {
  it('lists as JSON on a pipe', async () => {
    expect(await deadLettersList({ service: 'quality', state: 'open', limit: 5, json: false })).toBe(0);
    expect(asked).toEqual([{ url: '/api/anime/dead-letters?state=open&limit=5&service=quality' }]);
    expect(JSON.parse(written)).toMatchObject({ items: [{ id: letterOf(1).id }], silent: [] });
  });

  it('hands over all that are open, page by page, and says by its exit code that one failed', async () => {
    expect(await deadLettersSettle('redrive', [], { all: true, json: true })).toBe(1);
    expect(asked.at(-1)).toEqual({ url: '/api/anime/dead-letters/redrive', ids: [letterOf(1).id, letterOf(2).id] });
    expect(JSON.parse(written)).toEqual({
      items: [expect.objectContaining({ outcome: 'redriven' }), expect.objectContaining({ outcome: 'failed' })],
    });
    expect(await deadLettersSettle('dismiss', [letterOf(1).id], { all: false, json: true })).toBe(0);
    expect(asked.at(-1)?.url).toBe('/api/anime/dead-letters/dismiss');
  });

  it('tells a person why a message was given up, and what became of it', () => {
    expect(describeLetter(letterOf(1))).toEqual([
      `${letterOf(1).id}  quality     2026-01-01T00:00:00.000Z  evt.x`,
      '  odd',
    ]);
    const again = {
      ...letterOf(1),
      lost: true,
      redrives: 2,
      last_failure: 'still odd',
      state: 'dismissed' as const,
      settled_at: '2026-01-02T00:00:00.000Z',
    };
    expect(describeLetter(again)).toEqual([
      expect.stringContaining('(message gone from RENDERING)'),
      '  odd',
      '  handed over again 2 times, last: still odd',
      '  dismissed at 2026-01-02T00:00:00.000Z',
    ]);
  });
});
