import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { filesOf, secretVariablesOf } from './card-access';
import { readGpuConfig, type ConfiguredGpu } from './gpu-config';

describe('access to a card', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tower-access-'));
  const file = join(folder, 'gpus.yaml');
  afterAll(() => rmSync(folder, { recursive: true }));

  const given = (TOWER_GPUS: string, env: NodeJS.ProcessEnv = {}): ConfiguredGpu[] =>
    readGpuConfig({ TOWER_GPUS, TOWER_GPUS_FILE: file }, env);
  const one = (entry: object, env: NodeJS.ProcessEnv = {}): ConfiguredGpu | undefined =>
    given(JSON.stringify([{ name: 'a', url: 'https://h/comfy/', ...entry }]), env)[0];
  const messageOf = (reading: () => unknown): string => {
    try {
      reading();
    } catch (error) {
      return `${(error as Error).message} ${inspect(error, { depth: 9 })}`;
    }
    return 'nothing was thrown';
  };

  it.each([
    ['a header', { header: { name: 'X-Api-Key', env: 'KEY' } }, { 'X-Api-Key': 'hush-hush' }],
    ['a bearer token', { bearer: { env: 'KEY' } }, { authorization: 'Bearer hush-hush' }],
    [
      'a password',
      { basic: { user: 'tower', env: 'KEY' } },
      { authorization: `Basic ${Buffer.from('tower:hush-hush').toString('base64')}` },
    ],
  ])('logs in with %s from a variable', (_, auth, headers) => {
    const gpu = one({ auth }, { KEY: 'hush-hush' });
    expect(gpu?.access?.headers()).toEqual(headers);
    expect(gpu?.access?.setting).toBe(`auth.${Object.keys(auth)[0] ?? ''} (the variable KEY)`);
    expect(gpu?.access?.secrets()).toContain('hush-hush');
    expect(gpu?.url).toBe('https://h/comfy');
  });

  it('reads a secret from a file beside the list of cards, and again when it was changed', () => {
    writeFileSync(join(folder, 'token'), 'first-one\n');
    const gpu = one({ auth: { bearer: { file: 'token' } } });
    expect(gpu?.access?.headers()).toEqual({ authorization: 'Bearer first-one' });
    expect(gpu?.access?.renew()).toBe(false);
    writeFileSync(join(folder, 'token'), 'second-one\r\n');
    expect(gpu?.access?.renew()).toBe(true);
    expect(gpu?.access?.headers()).toEqual({ authorization: 'Bearer second-one' });
    rmSync(join(folder, 'token'));
    expect(gpu?.access?.renew()).toBe(false);
    expect(filesOf(gpu ? [gpu] : [], folder)).toEqual([join(folder, 'token')]);
  });

  it.each([
    ['http://us%40er:se%3Acret@h:8188/', 'us@er:se:cret'],
    ['http://us:se@cret@h:8188', 'us:se@cret'],
    ['http://secret-token@h:8188', 'secret-token:'],
  ])('moves user and password of %s to basic auth', (url, login) => {
    const [gpu] = given(`a=${url}`);
    expect(gpu?.access?.headers()).toEqual({ authorization: `Basic ${Buffer.from(login).toString('base64')}` });
    expect(gpu?.url).toBe('http://h:8188');
    expect(gpu?.access?.setting).toBe('the user and password in its url');
    const [, password = ''] = login.split(/:(.*)/s);
    expect(gpu?.access?.secrets()).toContain(password === '' ? 'secret-token' : password);
  });

  it('shows no secret, however it is printed', () => {
    const gpus = [
      ...given('a=http://user:hush-hush@h:1'),
      one({ auth: { bearer: { env: 'KEY' } } }, { KEY: 'hush-hush' }),
    ];
    for (const text of [JSON.stringify(gpus), inspect(gpus, { depth: 9, showHidden: true }), String(gpus[0]?.access)]) {
      expect(text).not.toContain('hush');
      expect(text).not.toContain(Buffer.from('user:hush-hush').toString('base64'));
    }
  });

  it('lists the variables with secrets', () => {
    const gpu = one({ auth: { header: { name: 'X-Key', env: 'KEY' } } }, { KEY: 'x' });
    expect(secretVariablesOf(gpu ? [gpu] : [])).toEqual(['KEY']);
  });

  it.each([
    ['a query', 'a=http://h:1/?token=hush-hush', /no query and no fragment; a token belongs into auth/],
    ['a fragment', 'a=http://h:1/#hush-hush', /no query and no fragment/],
    ['a password with a slash', 'a=http://user:12/hush-hush@h', /percent-encode the password/],
    ['a password that ends the address early', 'a=http://user:hush-hush/x@h', /\/0\/url/],
    ['a password without a card', 'http://user:hush-hush@h:1', /"http:\/\/h:1" is not name=http/],
    ['a broken escape', 'a=http://user:hush-hush%zz@h:1', /percent-encoded properly/],
    [
      'one server under two passwords',
      'a=http://user:hush-hush@h:1,b=http://user:hush-hash@h:1',
      /two cards have the url http:\/\/h:1/,
    ],
    ['broken JSON', '[{"name":"a","url":"http://user:hush-hush@h:1"', /it is no JSON/],
    [
      'an inline token',
      '[{"name":"a","url":"http://h:1","auth":{"bearer":"hush-hush"}}]',
      /\/0\/auth\/bearer: a secret does not stand in the configuration.*bearer: { env: COMFYUI_SECRET }/,
    ],
    [
      'an inline password',
      '[{"name":"a","url":"http://h:1","auth":{"basic":{"user":"u","password":"hush-hush"}}}]',
      /basic: { user: tower, env: COMFYUI_SECRET }/,
    ],
    [
      'two places',
      '[{"name":"a","url":"http://h:1","auth":{"bearer":{"env":"A","file":"b"}}}]',
      /needs env .* or file .* and not both/,
    ],
    ['no place', '[{"name":"a","url":"http://h:1","auth":{"basic":{"user":"u"}}}]', /needs env .* or file/],
    [
      'two ways',
      '[{"name":"a","url":"http://h:1","auth":{"bearer":{"env":"KEY"},"header":{"name":"X","env":"KEY"}}}]',
      /exactly one of header, bearer and basic/,
    ],
    [
      'a login in the address and in auth',
      '[{"name":"a","url":"http://user:hush-hush@h:1","auth":{"bearer":{"env":"KEY"}}}]',
      /a user in its address and auth as well/,
    ],
    [
      'a variable that is not set',
      '[{"name":"a","url":"http://h:1","auth":{"bearer":{"env":"NOT_THERE"}}}]',
      /: a has auth\.bearer with env: NOT_THERE, and that variable is not set here/,
    ],
    [
      'a file that is not there',
      '[{"name":"a","url":"http://h:1","auth":{"bearer":{"file":"/no/such"}}}]',
      /cannot be read: \/no\/such \(ENOENT\)/,
    ],
    [
      'characters that no header may have',
      '[{"name":"a","url":"http://h:1","auth":{"bearer":{"env":"BROKEN"}}}]',
      /characters in the variable BROKEN that no HTTP header may have/,
    ],
    [
      'a certificate that is none',
      '[{"name":"a","url":"https://h:1","ca_file":"gpus.yaml"}]',
      /is no certificate in PEM form/,
    ],
    ['an authority for http', '[{"name":"a","url":"http://h:1","ca_file":"gpus.yaml"}]', /only an https address uses/],
  ])('refuses %s without showing it', (_, list, sentence) => {
    writeFileSync(file, 'nothing');
    const message = messageOf(() => given(list, { KEY: 'hush-hush', BROKEN: 'hush-hush\nhush' }));
    expect(message).toMatch(sentence);
    expect(message).not.toContain('hush');
  });

  it.each([
    [
      'that is no YAML',
      'gpus:\n  - name: a\n    url: "http://user:hush-hush@h:1\n',
      /it is no YAML: line \d+, column \d+/,
    ],
    [
      'with an inline token',
      'gpus:\n  - { name: a, url: "http://h:1", auth: { bearer: { token: hush-hush } } }\n',
      /\/0\/auth\/bearer: a secret does not stand/,
    ],
  ])('refuses a file %s without showing it', (_, content, sentence) => {
    writeFileSync(file, content);
    const message = messageOf(() => readGpuConfig({ TOWER_GPUS_FILE: file }, {}));
    expect(message).toMatch(sentence);
    expect(message).not.toContain('hush');
  });
});
