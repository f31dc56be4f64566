import { normaliseTag, selectEvaluableTags, tagAdherence } from './adherence';
import { parseTagVocabulary, readTags } from './vocabulary';

const csv = [
  'tag_id,name,category,count',
  '1,general,9,1',
  '2,1girl,0,1',
  '3,long_hair,0,1',
  '4,rain,0,1',
  '5,masterpiece,0,1',
  '6,"heart,_""sign""",0,1',
  '7,rin_(example),4,1',
  '',
].join('\n');
const vocabulary = parseTagVocabulary(csv);
const probabilities = Float32Array.of(0.9, 0.8, 0.3, 0.6, 0.9, 0.5, 0.7);

describe('the tag list', () => {
  it('keeps quoted names whole, with Windows line ends too', () => {
    expect(vocabulary.tags[5]).toEqual({ name: 'heart,_"sign"', category: 'general' });
    expect(parseTagVocabulary(csv.replaceAll('\n', '\r\n'))).toEqual(vocabulary);
  });

  it('is refused when a row would have to be left out', () => {
    expect(() => parseTagVocabulary('tag_id,name,count\n1,a,1')).toThrow(/columns/);
    expect(() => parseTagVocabulary('tag_id,name,category,count\n1,a,7,1')).toThrow(/row 2/);
    expect(() => parseTagVocabulary('')).toThrow(RangeError);
  });

  it('must have as many rows as the network has outputs', () => {
    expect(() => readTags(new Float32Array(6), vocabulary)).toThrow(RangeError);
  });
});

describe('adherence', () => {
  it('does not look for quality, repeats and empty words', () => {
    const selected = selectEvaluableTags({ expected: ['1girl', ' 1GIRL ', 'masterpiece', '', 'rain'] }, vocabulary);
    expect(selected).toEqual({
      normalised: ['1girl', 'masterpiece', 'rain'],
      evaluable: ['1girl', 'rain'],
      coverage: 2 / 3,
    });
  });

  it('knows other spellings', () => {
    expect(normaliseTag('Long  Hair')).toBe('long_hair');
    expect(normaliseTag('girl', new Map([['girl', '1girl']]))).toBe('1girl');
  });

  it('asks more of a character than of a thing', () => {
    const wanted = { expected: ['1girl', 'rain', 'rin (example)'], forbidden: ['rain', 'flying dragon'] };
    expect(tagAdherence(probabilities, vocabulary, wanted)).toMatchObject({
      value: { adherence: 2 / 3, violations: ['rain'], coverage: 1 },
    });
  });

  it('is no number when the network gave none', () => {
    const broken = Float32Array.from(probabilities);
    broken[3] = NaN;
    expect(tagAdherence(broken, vocabulary, { expected: ['1girl', 'rain', 'long hair'] })).toEqual({
      state: 'not_computed',
      reason: 'inference_failed',
    });
    expect(tagAdherence(probabilities, vocabulary, { expected: [] })).toEqual({
      state: 'not_computed',
      reason: 'no_evaluable_tags',
    });
  });
});
