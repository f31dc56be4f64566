import type { HistoryEntry } from '@tower/comfyui';
import { promptEnding, type Circumstances, wasAnswered } from './outcome';

const around: Circumstances = {
  gpu: 'rtx3060',
  graph: { '9': { class_type: 'SaveImage', inputs: { filename_prefix: 'tower/job/001-a2' } } },
  outputs: [
    { node: '9', prefix_input: 'filename_prefix' },
    { node: '7', prefix_input: 'filename_prefix' },
  ],
  stoppedByUs: false,
  unheard: false,
  stoppedAnother: false,
};
const file = (filename: string, subfolder = 'tower/job', type = 'output') => ({ filename, subfolder, type });
const history = (
  files: object[],
  last: [string, Record<string, unknown>] = ['execution_success', { timestamp: 5 }],
  node = '9',
): HistoryEntry => ({
  outputs: { [node]: { images: files } },
  status: { status_str: 'x', completed: true, messages: [['execution_start', { timestamp: 1 }], last] },
});
const kindOf = (entry: HistoryEntry, changes: Partial<Circumstances> = {}) => {
  const ending = promptEnding(entry, { ...around, ...changes });
  return ending.ended === 'failed' ? ending.failure.kind : ending.files.map(({ filename }) => filename);
};

it('takes the files of the output nodes that the graph has, under any key', () => {
  expect(kindOf(history([file('001-a2_00001_.png')]))).toEqual(['001-a2_00001_.png']);
  expect(kindOf({ ...history([]), outputs: { '9': { gifs: [file('001-a2_00001.mp4')], text: ['x'] } } })).toEqual([
    '001-a2_00001.mp4',
  ]);
});

it('accepts the folders of Windows, and folders that a server puts before ours', () => {
  expect(kindOf(history([file('001-a2_00001_.png', 'tower\\job')]))).toEqual(['001-a2_00001_.png']);
  expect(kindOf(history([file('001-a2_00001_.png', '2026-01-01/tower/job')]))).toEqual(['001-a2_00001_.png']);
});

it.each([
  ['row 18: success without files', history([]), 'blocked'],
  ['row 18: success of another node only', history([file('001-a2_00001_.png')], undefined, '3'), 'blocked'],
  ['row 30: a temporary file', history([file('001-a2_00001_.png', 'tower/job', 'temp')]), 'blocked'],
  ['row 19: a file of an earlier attempt', history([file('001-a1_00001_.png')]), 'stale_output'],
  ['row 19: a file of another job', history([file('001-a2_00001_.png', 'tower/other')]), 'stale_output'],
  ['an end without a word', history([], ['execution_cached', {}]), 'outputs_missing'],
  [
    'an error',
    history([], ['execution_error', { exception_type: 'MemoryError', exception_message: '' }]),
    'out_of_memory',
  ],
  ['an interrupt by somebody', history([], ['execution_interrupted', {}]), 'interrupted'],
])('%s fails as %s', (_what, entry, kind) => {
  expect(kindOf(entry)).toBe(kind);
});

it('knows its own interrupts', () => {
  const interrupted = history([], ['execution_interrupted', {}]);
  expect(kindOf(interrupted, { stoppedByUs: true, stoppedAnother: true })).toBe('hung');
  expect(kindOf(interrupted, { stoppedAnother: true })).toBe('interrupt_collateral');
});

it('says that a prompt which was stopped could not be heard, where it could not', () => {
  const stopped = history([], ['execution_interrupted', {}]);
  const failureOf = (unheard: boolean) => {
    const ending = promptEnding(stopped, { ...around, stoppedByUs: true, unheard });
    return ending.ended === 'failed' ? ending.failure : undefined;
  };
  expect(failureOf(false)).toMatchObject({
    kind: 'hung',
    error: { message: expect.stringContaining('no sign of life') as string },
  });
  expect(failureOf(true)).toMatchObject({
    kind: 'hung',
    unheard: true,
    error: { hint: expect.stringContaining('Upgrade and Connection') as string },
  });
});

it.each([
  ['that answered all the time', 0, 10, true],
  ['that was silent for a moment', 4, 10, true],
  ['that was silent for a good part of it', 6, 10, false],
  ['that was silent for a small part of a long one', 60, 900, true],
  ['that slept through most of it', 600, 700, false],
  ['of which nobody knows the whole', 3_600, undefined, true],
])('a server %s', (_, silent, seconds, answered) => {
  expect(wasAnswered(silent, seconds)).toBe(answered);
});
