import type { Missing } from '../../workflows/compatibility/requirements';
import { remedyFor, type FileCard } from './missing-files';

const vae: Missing = {
  kind: 'model',
  name: 'wan_2.1_vae.safetensors',
  where: 'models/vae',
  source: 'https://example.org/wan',
};
const encoder: Missing = { kind: 'model', name: 'umt5.safetensors', where: 'models/text_encoders' };
const node: Missing = { kind: 'node', name: 'UnetLoaderGGUF', where: 'custom_nodes/ComfyUI-GGUF' };
const byHand = 'wan_2.1_vae.safetensors is not in models/manifest.yaml: put it into models/vae';

const card = (name: string, changes: Partial<FileCard> = {}): FileCard => ({
  name,
  position: 0,
  answers: true,
  takes: true,
  excluded: false,
  prefers: false,
  bigEnough: true,
  lacks: [vae],
  filesReadAtMs: 999_000,
  obstacles: [byHand],
  arriving: false,
  unlisted: false,
  ...changes,
});
const fetchable = { obstacles: [null] };
const whole = { lacks: [], obstacles: [] };
/** At the very beginning of the wait, and long after its end. */
const waits = { patienceMs: 60_000, readEveryMs: 10_000 };
const early = { nowMs: 1_000_000, sinceMs: 1_000_000, answeredSinceMs: 1_000_000, ...waits };
const late = { nowMs: 1_000_000, sinceMs: 0, answeredSinceMs: 0, ...waits };
const on = (gpu: string) => ({ do: 'download', gpu, folder: 'vae', name: vae.name });

describe('a file that no card has', () => {
  it('is no matter while some card has everything, even one that is down', () => {
    expect(remedyFor([card('a', fetchable), card('b', { ...whole, answers: false })], late)).toEqual({ do: 'nothing' });
  });

  it.each([
    [
      'the one that prefers the work',
      [card('a', fetchable), card('b', { ...fetchable, position: 1, prefers: true })],
      'b',
    ],
    ['the first among equals', [card('a', fetchable), card('b', { ...fetchable, position: 1 })], 'a'],
    [
      'the one with memory enough',
      [card('a', { ...fetchable, prefers: true, bigEnough: false }), card('b', { ...fetchable, position: 1 })],
      'b',
    ],
    [
      'the one that is getting it already',
      [card('a', { ...fetchable, prefers: true }), card('b', { ...fetchable, position: 1, arriving: true })],
      'b',
    ],
    ['the one that Tower can reach', [card('a', { prefers: true }), card('b', { ...fetchable, position: 1 })], 'b'],
    [
      'the one that lacks nothing else',
      [card('a', { ...fetchable, lacks: [node, vae] }), card('b', { ...fetchable, position: 1 })],
      'b',
    ],
  ])('is fetched at once to one card alone: %s', (_, cards, gpu) => {
    expect(remedyFor(cards, early)).toEqual(on(gpu));
  });

  it('is not fetched to a card for which another file cannot be got', () => {
    expect(remedyFor([card('a', { lacks: [vae, encoder], obstacles: [null, byHand] })], early)).toMatchObject({
      do: 'wait',
    });
  });

  it('is fetched only after the patience where a card that is away may have it', () => {
    const cards = [card('a', fetchable), card('b', { answers: false, position: 1, lacks: null, obstacles: [] })];
    expect(remedyFor(cards, early)).toMatchObject({ do: 'wait', away: true });
    expect(remedyFor(cards, late)).toEqual(on('a'));
  });

  it('is not fetched to another card while the one that has just got it has not listed it yet', () => {
    const cards = [card('a', { obstacles: ['lies there'], unlisted: true }), card('b', { ...fetchable, position: 1 })];
    expect(remedyFor(cards, early)).toMatchObject({ do: 'wait', away: false });
    expect(remedyFor(cards, late)).toEqual(on('b'));
  });

  it('fails the tasks after the patience, with every card, file and source', () => {
    expect(remedyFor([card('a'), card('b', { position: 1, lacks: [encoder], obstacles: ['by hand'] })], late)).toEqual({
      do: 'fail',
      hint: byHand,
      message:
        'no configured card has every file that it needs: ' +
        'a lacks models/vae/wan_2.1_vae.safetensors (get it from https://example.org/wan); ' +
        'b lacks models/text_encoders/umt5.safetensors',
    });
  });

  it.each([
    ['before that', [card('a')], early],
    ['while a card is away that may have it', [card('a'), card('b', { answers: false })], late],
    ['while a card was never seen', [card('a'), card('b', { lacks: null })], late],
    ['while somebody is fetching it', [card('a', { arriving: true })], late],
    ['before all cards have answered for so long', [card('a')], { ...late, answeredSinceMs: 950_000 }],
    ['before the folders were read again after it', [card('a', { filesReadAtMs: 59_000 })], late],
  ])('is waited for %s', (_, cards, patience) => {
    expect(remedyFor(cards, patience)).toMatchObject({ do: 'wait' });
  });

  it('has the folders read again while it is waited for, and once more in the end', () => {
    expect(remedyFor([card('a', { filesReadAtMs: 985_000 })], { ...early, answeredSinceMs: 970_000 })).toMatchObject({
      read: ['a'],
    });
    expect(remedyFor([card('a', { filesReadAtMs: 995_000 })], { ...early, answeredSinceMs: 970_000 })).toMatchObject({
      read: [],
    });
    expect(remedyFor([card('a', { filesReadAtMs: 995_000 })], { ...early, answeredSinceMs: 934_000 })).toMatchObject({
      do: 'fail',
    });
    expect(remedyFor([card('a', { filesReadAtMs: 998_000 })], { ...early, answeredSinceMs: 939_500 })).toMatchObject({
      do: 'wait',
      read: ['a'],
    });
  });

  it.each([
    ['a node is missing as well', [card('a', { lacks: [vae, node] })]],
    ['no card takes such work', [card('a', { takes: false })]],
    ['a card that has the file lacks a node', [card('a'), card('b', { lacks: [node], obstacles: [] })]],
  ])('is not what keeps the tasks waiting when %s', (_, cards) => {
    expect(remedyFor(cards, late)).toEqual({ do: 'nothing' });
  });

  it('is looked for on cards that failed the task before anything is given up', () => {
    expect(remedyFor([card('a', { ...whole, excluded: true })], early)).toEqual({ do: 'reopen' });
    expect(remedyFor([card('a', { ...whole, excluded: true }), card('b')], early)).toMatchObject({ do: 'wait' });
    expect(remedyFor([card('a', { ...whole, excluded: true }), card('b')], late)).toEqual({ do: 'reopen' });
    expect(remedyFor([card('a', { excluded: true })], late)).toEqual({ do: 'nothing' });
  });
});
