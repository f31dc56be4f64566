import { FlagRefused, parseLaunchFlags, type LaunchFlags } from './launch-flags';

const gibibyte = 1024 ** 3;
const parse = (line: string, generation: '0.3.64' | '0.33' = '0.3.64'): LaunchFlags =>
  parseLaunchFlags(line.split(' '), generation, 32 * gibibyte);

describe('the launch flags of ComfyUI', () => {
  it('put the folders where they say, temp into a folder of that name', () => {
    expect(parse('--output-directory /o --input-directory=/i --temp-directory /t --user-directory /u')).toEqual({
      outputFolder: '/o',
      inputFolder: '/i',
      tempFolder: '/t/temp',
      userFolder: '/u',
    });
  });

  it('put all folders below the base directory unless told otherwise', () => {
    expect(parse('--base-directory /b --output-directory /o')).toEqual({
      outputFolder: '/o',
      inputFolder: '/b/input',
      tempFolder: '/b/temp',
      userFolder: '/b/user',
    });
  });

  it.each<[string, LaunchFlags]>([
    ['--cache-lru 20', { cache: { kind: 'lru', size: 20 } }],
    ['--cache-lru 0', {}],
    ['--reserve-vram 1.5', { reservedVramBytes: 1.5 * gibibyte }],
    ['--cache-none', { cache: { kind: 'none' } }],
    ['--preview-method auto --preview-size 128', { previewMethod: 'latent2rgb', previewSize: 128 }],
    ['--enable-cors-header --enable-compress-response-body', { corsOrigin: '*', compresses: true }],
    [
      '--enable-cors-header http://a.example --max-upload-size 0.5',
      { corsOrigin: 'http://a.example', maxUploadMegabytes: 0.5 },
    ],
    ['--listen --port 9000 --disable-metadata', { host: '0.0.0.0', port: 9000, writesMetadata: false }],
    ['--some-later-flag value --cpu', { onCpu: true }],
  ])('of 0.3.64: %s', (line, flags) => {
    expect(parse(line)).toEqual(flags);
  });

  it.each<[string, LaunchFlags]>([
    ['--cache-ram 1000', { cache: { kind: 'starved' } }],
    ['--cache-ram', { cache: { kind: 'pressure' } }],
    ['--enable-assets --database-url sqlite:///a.db', { assets: true, databaseUrl: 'sqlite:///a.db' }],
    [
      '--feature-flag show_signin_button=true --feature-flag enable_telemetry=ture --feature-flag a',
      {
        featureFlags: new Map<string, string | boolean>([
          ['show_signin_button', true],
          ['a', 'true'],
        ]),
      },
    ],
  ])('of 0.33: %s', (line, flags) => {
    expect(parse(line, '0.33')).toEqual(flags);
  });

  it.each<[string, '0.3.64' | '0.33', string]>([
    ['--normalvram', '0.33', 'unrecognized arguments: --normalvram'],
    ['--disable-assets', '0.33', 'unrecognized arguments: --disable-assets'],
    ['--cache-ram 1', '0.3.64', 'unrecognized arguments: --cache-ram 1'],
    ['--cache-lru many', '0.3.64', "argument --cache-lru: invalid int value: 'many'"],
    ['--cache-lru 1 --cache-none', '0.3.64', 'argument --cache-none: not allowed with argument --cache-lru'],
    ['--preview-method pretty', '0.3.64', "argument --preview-method: invalid choice: 'pretty'"],
    ['--output-directory', '0.3.64', 'argument --output-directory: expected one argument'],
  ])('refuse %s on %s', (line, generation, complaint) => {
    expect(() => parse(line, generation)).toThrow(FlagRefused);
    expect(() => parse(line, generation)).toThrow(complaint);
  });
});
