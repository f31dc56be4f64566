import { takeLoraTags } from './lora-tags';

const taken = (text: string) => takeLoraTags(text, true);

describe('LoRAs that a prompt names', () => {
  it.each([
    ['a girl, <lora:style:0.8>', 'a girl', [{ name: 'style', strengthModel: 0.8, strengthClip: 0.8 }]],
    ['<lora:style>, a girl', 'a girl', [{ name: 'style', strengthModel: 1, strengthClip: 1 }]],
    [
      'a girl, <lora:style:.5:0>, at the window',
      'a girl, at the window',
      [{ name: 'style', strengthModel: 0.5, strengthClip: 0 }],
    ],
    [
      'a girl <LORA: my style.safetensors : -1 > runs',
      'a girl runs',
      [{ name: 'my style.safetensors', strengthModel: -1, strengthClip: -1 }],
    ],
    [
      'a, <lora:x:1><lyco:sub\\y:0.2>, b',
      'a, b',
      [
        { name: 'x', strengthModel: 1, strengthClip: 1 },
        { name: 'sub\\y', strengthModel: 0.2, strengthClip: 0.2 },
      ],
    ],
    ['a <3 b, x > y, lora:style', 'a <3 b, x > y, lora:style', []],
  ])('are taken out of %s', (text, rest, tags) => {
    expect(taken(text)).toEqual({
      text: rest,
      tags: tags.map((tag) => ({ ...tag, tag: expect.any(String) as string })),
      faults: [],
    });
  });

  it.each([
    ['<lora:style:strong>', /is not of the form <lora:name>/],
    ['<lora:style:1:1:1>', /is not of the form/],
    ['<lora:>', /names no file/],
    ['<lora:style:11>', /outside -10 to 10/],
    ['<hypernet:style:1>', /hypernetwork/],
    ['a, <lora:style:1', /has no >/],
    ['{<lora:a:1>|b}', /inside of alternatives/],
  ])('are refused where they cannot be applied: %s', (text, fault) => {
    const { tags, faults } = taken(text);
    expect([tags.length, faults.length]).toEqual([0, 1]);
    expect(faults[0]).toMatch(fault);
  });

  it('may stand between braces that mean nothing', () => {
    expect(takeLoraTags('{<lora:a:1>}', false)).toMatchObject({ text: '{}', tags: [{ name: 'a' }], faults: [] });
  });
});
