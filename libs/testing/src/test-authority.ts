import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface TestAuthority {
  /** The authority's own certificate, which nobody else trusts. */
  readonly ca: string;
  /** Of a server on 127.0.0.1 or localhost, signed by it. */
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority and a server of its, valid for a day; made by `openssl`. `name` keeps several apart. */
export function createTestAuthority(folder: string, name = 'studio'): TestAuthority {
  const path = (file: string): string => join(folder, `${name}-${file}`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '1',
    '-subj',
    `/CN=${name} authority`,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
  );
  openssl('req', ...key, '-subj', `/CN=${name} server`, '-keyout', path('server.key'), '-out', path('server.csr'));
  writeFileSync(path('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  openssl(
    'x509',
    '-req',
    '-in',
    path('server.csr'),
    '-CA',
    path('ca.pem'),
    '-CAkey',
    path('ca.key'),
    '-CAcreateserial',
    '-days',
    '1',
    '-extfile',
    path('names'),
    '-out',
    path('server.pem'),
  );
  return { ca: path('ca.pem'), key: path('server.key'), cert: path('server.pem') };
}

function openssl(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0] ?? ''}: ${error?.message ?? stderr}`);
}
