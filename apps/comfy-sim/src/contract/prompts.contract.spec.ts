import { randomUUID } from 'node:crypto';
import { filesOf, lastEvent, type Graph } from './comfy-client';
import { ContractSession, contractTargets } from './contract-target';
import { failing, picture, scaled } from './graphs';

/** What is real here: a whole server, simulated or ComfyUI itself, over HTTP. */
jest.setTimeout(300_000);

describe.each(contractTargets().map((target) => [target.name, target] as const))('prompts on %s', (_name, target) => {
  const session = new ContractSession(target);
  beforeAll(() => session.open());
  afterAll(() => session.close());
  const unique = (): string => `${session.folder}/${randomUUID().slice(0, 8)}`;
  const refused = async (prompt: unknown): Promise<{ type: string; nodes: Record<string, string[]> }> => {
    const { status, body } = await session.client.post(prompt);
    expect(status).toBe(400);
    const nodes = Object.entries(body.node_errors ?? {}).map(([id, { errors }]) => [
      id,
      errors.map(({ type }) => type),
    ]);
    return { type: body.error?.type ?? '', nodes: Object.fromEntries(nodes) as Record<string, string[]> };
  };

  it('answers a good one with its id and a number, and keeps its whole story', async () => {
    const prefix = unique();
    const { status, promptId, body } = await session.client.post(picture(prefix), {
      extra_data: { tower: 'contract' },
    });
    expect([status, body.prompt_id, typeof body.number, body.node_errors]).toEqual([200, promptId, 'number', {}]);
    const entry = await session.client.settled(promptId);
    expect(entry.prompt.slice(0, 3)).toEqual([body.number, promptId, picture(prefix)]);
    expect(entry.prompt[3]).toMatchObject({ tower: 'contract' });
    expect(typeof entry.prompt[3]['create_time']).toBe(session.isNew ? 'number' : 'undefined');
    expect(entry.prompt[4]).toEqual(['2']);
    const [folder = '', name = ''] = [
      prefix.slice(0, prefix.lastIndexOf('/')),
      prefix.slice(prefix.lastIndexOf('/') + 1),
    ];
    expect(entry.outputs).toEqual({
      2: { images: [{ filename: `${name}_00001_.png`, subfolder: folder, type: 'output' }] },
    });
    expect([entry.status.status_str, entry.status.completed]).toEqual(['success', true]);
    expect(entry.status.messages.map(([event]) => event)).toEqual([
      'execution_start',
      'execution_cached',
      'execution_success',
    ]);
    expect(entry.meta).toEqual({ 2: { node_id: '2', display_node: '2', parent_node: null, real_node_id: '2' } });
  });

  it('answers an identical one from its cache with the old file, or runs it again into a new one', async () => {
    const prefix = unique();
    const [first] = filesOf(await session.client.run(picture(prefix)), '2');
    const again = await session.client.run(picture(prefix));
    const cached = (
      again.status.messages.find(([event]) => event === 'execution_cached')?.[1]['nodes'] as string[]
    ).includes('2');
    if (!target.isShared) expect(cached).toBe(true);
    expect(filesOf(again, '2')[0]?.filename.replace(/^.*_(\d+)_\.png$/, '$1')).toBe(cached ? '00001' : '00002');
    expect(first?.filename).toMatch(/_00001_\.png$/);
  });

  it('runs an output again when an unknown constant of it differs', async () => {
    const prefix = unique();
    await session.client.run(picture(prefix, { nonce: 'a' }));
    expect(filesOf(await session.client.run(picture(prefix, { nonce: 'b' })), '2')[0]?.filename).toMatch(
      /_00002_\.png$/,
    );
  });

  it('scales a picture to the size asked for', async () => {
    const [file] = filesOf(await session.client.run(scaled(unique(), 96, 40)), '2');
    if (file === undefined) throw new Error('no file');
    const png = Buffer.from(await (await session.client.view(file)).arrayBuffer());
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([40, 40]);
  });

  it('tells of a node that fails', async () => {
    const entry = await session.client.run(failing(unique()));
    expect([entry.status.status_str, entry.status.completed, entry.outputs, lastEvent(entry)]).toEqual([
      'error',
      false,
      {},
      'execution_error',
    ]);
    expect(entry.status.messages.at(-1)?.[1]).toMatchObject({
      node_id: '2',
      node_type: 'SaveImage',
      exception_type: 'TypeError',
      exception_message: expect.stringMatching(/got an unexpected keyword argument 'bogus'\n/) as string,
      current_inputs: { filename_prefix: expect.any(Array) as unknown[] },
    });
  });

  it.each<[string, unknown, string, Record<string, string[]>]>([
    [
      'without a required input',
      { ...picture('x'), 2: { class_type: 'SaveImage', inputs: { filename_prefix: 'x' } } },
      'prompt_outputs_failed_validation',
      { 2: ['required_input_missing'] },
    ],
    [
      'with a value below the least',
      picture('x', { size: 0 }),
      'prompt_outputs_failed_validation',
      { 1: ['value_smaller_than_min', 'value_smaller_than_min'] },
    ],
    [
      'with a link into nothing',
      { 2: { class_type: 'SaveImage', inputs: { images: ['9', 0], filename_prefix: 'x' } } },
      'prompt_outputs_failed_validation',
      { 2: ['exception_during_validation'] },
    ],
    [
      'with a link of three parts',
      { ...picture('x'), 2: { class_type: 'SaveImage', inputs: { images: ['1', 0, 0], filename_prefix: 'x' } } },
      'prompt_outputs_failed_validation',
      { 2: ['bad_linked_input'] },
    ],
    ['without an output', { 1: picture('x')['1'] }, 'prompt_no_outputs', {}],
  ])('is refused %s', async (_case, prompt, type, nodes) => {
    expect(await refused(prompt)).toEqual({ type, nodes });
  });

  it('is refused with an unknown option of a list', async () => {
    const graph: Graph = {
      ...scaled('x', 8, 8),
      3: {
        class_type: 'ImageScale',
        inputs: { image: ['1', 0], upscale_method: 'magic', width: 8, height: 8, crop: 'disabled' },
      },
    };
    expect(await refused(graph)).toEqual({
      type: 'prompt_outputs_failed_validation',
      nodes: { 3: ['value_not_in_list'] },
    });
  });

  it('is refused with an unknown class, under the name its version has for it', async () => {
    expect(await refused({ 1: { class_type: 'TowerNoSuchClass', inputs: {} } })).toEqual({
      type: session.isNew ? 'missing_node_type' : 'invalid_prompt',
      nodes: {},
    });
  });

  it('is refused when it goes in a circle, named only by the newer server', async () => {
    const graph: Graph = {
      ...scaled('x', 8, 8),
      3: {
        class_type: 'ImageScale',
        inputs: { image: ['3', 0], upscale_method: 'area', width: 8, height: 8, crop: 'disabled' },
      },
    };
    const { type, nodes } = await refused(graph);
    expect([type, Object.values(nodes).flat()]).toEqual([
      'prompt_outputs_failed_validation',
      session.isNew ? ['dependency_cycle'] : [],
    ]);
  });

  it('meets a wrong model in a list of the newer kind at run time, and in newer versions before', async () => {
    const graph: Graph = {
      1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
      2: { class_type: 'UpscaleModelLoader', inputs: { model_name: 'tower-no-such.pth' } },
      3: { class_type: 'ImageUpscaleWithModel', inputs: { upscale_model: ['2', 0], image: ['1', 0] } },
      4: { class_type: 'SaveImage', inputs: { images: ['3', 0], filename_prefix: unique() } },
    };
    if (session.isNew) {
      expect(await refused(graph)).toEqual({
        type: 'prompt_outputs_failed_validation',
        nodes: { 2: ['value_not_in_list'] },
      });
    } else {
      expect((await session.client.run(graph)).status.messages.at(-1)?.[1]).toMatchObject({
        exception_type: 'FileNotFoundError',
        node_id: '2',
      });
    }
  });

  it('drops an output that is not valid, and runs the others', async () => {
    const graph = { ...picture(unique()), 3: { class_type: 'SaveImage', inputs: { filename_prefix: 'never' } } };
    const { status, promptId, body } = await session.client.post(graph);
    expect([status, Object.keys(body.node_errors ?? {})]).toEqual([200, ['3']]);
    const entry = await session.client.settled(promptId);
    expect([entry.prompt[4], Object.keys(entry.outputs), entry.status.status_str]).toEqual([['2'], ['2'], 'success']);
  });

  it('runs only the outputs asked for', async () => {
    const graph = {
      ...picture(unique()),
      3: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: unique() } },
    };
    const entry = await session.client.run(graph, { partial_execution_targets: ['3'] });
    expect([entry.prompt[4], Object.keys(entry.outputs)]).toEqual([['3'], ['3']]);
  });

  it('may have any id on the older server, and a UUID alone on the newer one', async () => {
    const id = `tower-contract-${randomUUID().slice(0, 8)}`;
    const { status, body } = await session.client.post(picture(unique()), { prompt_id: id });
    expect([status, body.prompt_id ?? body.error?.type]).toEqual(
      session.isNew ? [400, 'invalid_prompt_id'] : [200, id],
    );
  });

  it('gets an id from the server when it brings none', async () => {
    const { status, body } = await session.client.post(picture(unique()), { prompt_id: undefined });
    expect(status).toBe(200);
    expect(body.prompt_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
