import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** One place that apt may download packages from, as the machine's administrator wrote it. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Path of a keyring, or the key itself in ASCII armour; apt's own keyrings when absent. */
  readonly signedBy?: string;
}

/** The machine's sources for binary packages, in the order in which apt reads them. */
export function readAptSources(etcApt = '/etc/apt'): AptSource[] {
  const parts = join(etcApt, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).sort() : [];
  const oneLine = [
    join(etcApt, 'sources.list'),
    ...names.filter((name) => name.endsWith('.list')).map((name) => join(parts, name)),
  ];
  const deb822 = names.filter((name) => name.endsWith('.sources')).map((name) => join(parts, name));
  return [
    ...oneLine.flatMap((file) => parseOneLineSources(readIfPossible(file))),
    ...deb822.flatMap((file) => parseDeb822Sources(readIfPossible(file))),
  ];
}

/** `deb [signed-by=/key.gpg arch=amd64] URI suite component...`, one per line. */
export function parseOneLineSources(text: string): AptSource[] {
  return text.split(/\r?\n/).flatMap((line) => {
    // A URI may itself hold brackets (`cdrom:[...]`), so only those before it are options.
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?([^\s#]+)\s+([^#]*)/.exec(line);
    const [, options = '', uri = '', rest = ''] = match ?? [];
    const [suite, ...components] = words(rest);
    if (suite === undefined) return [];
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    return [{ uri, suites: [suite], components, ...(signedBy === undefined ? {} : { signedBy }) }];
  });
}

/** Stanzas of `Field: value` lines; a value may go on in indented lines, and list several URIs or suites. */
export function parseDeb822Sources(text: string): AptSource[] {
  const withoutComments = text.split(/\r?\n/).filter((line) => !line.startsWith('#'));
  return withoutComments
    .join('\n')
    .split(/\n[ \t]*\n/)
    .map(parseStanza)
    .filter((fields) => words(fields.get('types')).includes('deb') && !isOff(fields.get('enabled')))
    .flatMap((fields) => {
      const signedBy = fields.get('signed-by');
      return words(fields.get('uris')).map((uri) => ({
        uri,
        suites: words(fields.get('suites')),
        components: words(fields.get('components')),
        ...(signedBy === undefined ? {} : { signedBy }),
      }));
    });
}

function parseStanza(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let current: string | undefined;
  for (const line of stanza.split('\n')) {
    const start = /^([^\s:]+):(.*)$/.exec(line);
    if (start !== null) {
      current = start[1]?.toLowerCase();
      fields.set(current ?? '', start[2]?.trim() ?? '');
    } else if (current !== undefined && /^\s/.test(line)) {
      // Kept with their line breaks: an embedded key needs them. A lone dot stands for an empty line.
      fields.set(current, `${fields.get(current) ?? ''}\n${line.trim() === '.' ? '' : line.trim()}`);
    }
  }
  return fields;
}

const isOff = (enabled: string | undefined): boolean =>
  /^(no|false|without|off|disable|0)$/i.test(enabled?.trim() ?? '');

const words = (text = ''): string[] => text.split(/\s+/).filter((word) => word !== '');

/** A source that only root may read belongs to somebody's private archive, not to Debian's. */
function readIfPossible(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const debianReleases = [
  '(?:old)*stable',
  'testing',
  'unstable',
  'sid',
  'buster',
  'bullseye',
  'bookworm',
  'trixie',
  'forky',
  'duke',
];
const debianSuites = new RegExp(`^(?:${debianReleases.join('|')})(?:-updates|-backports|-proposed-updates)?$`);

/** What apt can download from without somebody changing a disk. */
const reachable = /^(?:(?:mirror\+|tor\+)?https?|mirror\+file|file):/;

/**
 * Sources that look like a Debian archive, the likeliest first. Others may use Debian's suite names too; they do no
 * harm, because what comes from them must carry a signature that this machine accepts for that source.
 */
export function findDebianArchives(sources: readonly AptSource[]): AptSource[] {
  const candidates = sources.filter(
    ({ uri, suites, components }) =>
      reachable.test(uri) && components.includes('main') && suites.some((suite) => debianSuites.test(suite)),
  );
  const unique = candidates.filter(
    ({ uri }, index) => candidates.findIndex((other) => trimSlash(other.uri) === trimSlash(uri)) === index,
  );
  return unique.sort((left, right) => likelihood(right) - likelihood(left));
}

function likelihood({ uri, signedBy }: AptSource): number {
  const isNamedDebian = /\/debian$/.test(trimSlash(uri)) ? 2 : 0;
  const isDebianKey = /debian-archive/.test(signedBy ?? '') ? 1 : 0;
  return isNamedDebian + isDebianKey;
}

const trimSlash = (uri: string): string => uri.replace(/\/+$/, '');
