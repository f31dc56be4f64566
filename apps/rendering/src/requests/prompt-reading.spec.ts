import { assemblePrompt } from './prompt-reading';

const asked = (prompt: string, negative = '', dynamic = true) => ({
  prompt,
  negative_prompt: negative,
  dynamic_prompts: dynamic,
});

describe('assemblePrompt', () => {
  it('puts characters before the request and joins each negative token once', () => {
    expect(
      assemblePrompt(asked(' at the window ', 'blurry'), [
        { prompt: '1girl, blue hair', negative_tokens: ['lowres', 'extra digits'] },
        { prompt: '', negative_tokens: ['lowres'] },
      ]),
    ).toEqual({
      positive: '1girl, blue hair, at the window',
      negative: 'blurry, lowres, extra digits',
      loras: [],
      errors: [],
    });
  });

  it('leaves no comma where nothing was said', () => {
    expect(assemblePrompt(asked('a tower'), [])).toMatchObject({ positive: 'a tower', negative: '' });
  });

  it('takes LoRAs out of every text, and says where each stands', () => {
    const { positive, negative, loras } = assemblePrompt(
      asked('<lora:style:0.8>, at the window', 'blurry <lora:sharp:-0.5>'),
      [{ name: 'Yuki', prompt: '1girl, <lora:yuki>', negative_tokens: ['<lora:worst:0.1>'] }],
    );
    expect([positive, negative]).toEqual(['1girl, at the window', 'blurry']);
    expect(loras.map(({ name, pointer }) => [name, pointer])).toEqual([
      ['yuki', '/character_ids/0'],
      ['worst', '/character_ids/0'],
      ['style', '/prompt'],
      ['sharp', '/negative_prompt'],
    ]);
  });

  it('says which text has alternatives that cannot be read, and takes braces for plain characters on request', () => {
    const characters = [{ name: 'Yuki', prompt: 'a}', negative_tokens: [] }];
    expect(assemblePrompt(asked('{a|b'), characters).errors).toEqual([
      {
        pointer: '/character_ids/0',
        message: 'names a character whose prompt (Yuki) has a } without its {; write \\} for the character',
      },
      { pointer: '/prompt', message: 'has a { without its }; write \\{ for the character' },
    ]);
    expect(assemblePrompt(asked('{a|b', '', false), characters)).toMatchObject({ positive: 'a}, {a|b', errors: [] });
  });

  it('refuses a name that is only known once something was chosen', () => {
    expect(assemblePrompt(asked('embedding:{a|b}'), []).errors).toEqual([
      { pointer: '/prompt', message: expect.stringContaining('write {embedding:a|embedding:b}') as string },
    ]);
    expect(assemblePrompt(asked('{embedding:a|embedding:b}'), []).errors).toEqual([]);
  });
});
