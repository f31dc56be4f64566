import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { AppError } from '@tower/kit';
import { isOwnFault, neededBytesOf, ownDiskFull, ownFault } from './own-fault';

const refused = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${code}: words, ${syscall}`), { code, syscall });

it.each([
  ['ENOSPC', 'write', 'own_disk_full'],
  ['EDQUOT', 'write', 'own_disk_quota'],
  ['EROFS', 'open', 'own_disk_read_only'],
  ['EACCES', 'mkdir', 'own_disk_forbidden'],
  ['EPERM', 'link', 'own_disk_forbidden'],
  ['EIO', 'fsync', 'own_disk_broken'],
  ['EMFILE', 'open', 'own_open_files'],
  ['ENOTDIR', 'mkdir', 'own_disk_unusable'],
  ['ENOENT', 'open', 'own_disk_missing'],
  ['ESTALE', 'open', 'own_disk_away'],
  ['ENOTCONN', 'write', 'own_disk_away'],
])('knows %s of %s as %s', (code, syscall, expected) => {
  const fault = ownFault(refused(code, syscall), 'library', 7);
  expect(fault).toMatchObject({
    kind: 'unavailable',
    code: expected,
    message: expect.stringMatching(/^the library's disk /) as string,
  });
  expect(fault && isOwnFault(fault)).toBe(true);
  expect(fault && neededBytesOf(fault)).toBe(7);
});

it('finds it in the causes, and leaves what is known already as it is', () => {
  const wrapped = new Error('storing', { cause: new Error('inner', { cause: refused('ENOSPC', 'write') }) });
  const fault = ownFault(wrapped, 'home');
  expect(fault).toMatchObject({ code: 'own_disk_full', message: "the disk of Tower's home is full" });
  expect(ownFault(fault, 'library', 99)).toBe(fault);
  expect(neededBytesOf(ownDiskFull('library', 12))).toBe(12);
});

it('takes neither sockets nor programs for the disk', () => {
  for (const error of [
    refused('EACCES', 'connect'),
    refused('EMFILE', 'getaddrinfo'),
    refused('EACCES', 'spawn ffmpeg'),
    Object.assign(new Error('no row'), { code: '53100' }),
    new Error('ENOSPC'),
    'ENOSPC',
    null,
  ])
    expect(ownFault(error, 'library')).toBeUndefined();
  expect(isOwnFault(new AppError('unavailable', 'comfyui_disk_full', 'theirs'))).toBe(false);
});

// Real: what this system itself says.
it('knows a device that is always full, and not a refused connection', async () => {
  expect(ownFault(await writeFile('/dev/full', 'x').catch((error: unknown) => error), 'temp')).toMatchObject({
    code: 'own_disk_full',
  });
  const socket = connect({ host: '127.0.0.1', port: 1 });
  const [error] = (await once(socket, 'error')) as [Error];
  expect(ownFault(error, 'temp')).toBeUndefined();
});
