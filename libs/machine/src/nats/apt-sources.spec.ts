import { findDebianArchives, parseDeb822Sources, parseOneLineSources, readAptSources } from './apt-sources';

describe('one-line sources', () => {
  it('reads plain lines and ignores what is no binary source', () => {
    const text = [
      '# deb http://commented.test/debian bookworm main',
      '',
      'deb http://mirror.test/debian bookworm main contrib non-free-firmware',
      'deb-src http://mirror.test/debian bookworm main',
      '  deb   http://mirror.test/debian   bookworm-updates\tmain  # why not',
      'nonsense',
    ].join('\n');
    expect(parseOneLineSources(text)).toEqual([
      { uri: 'http://mirror.test/debian', suites: ['bookworm'], components: ['main', 'contrib', 'non-free-firmware'] },
      { uri: 'http://mirror.test/debian', suites: ['bookworm-updates'], components: ['main'] },
    ]);
  });

  it('reads options in brackets, in any order and spacing', () => {
    const text =
      'deb [ arch=amd64,arm64 signed-by=/usr/share/keyrings/k.gpg ] https://mirror.test/debian/ trixie ' +
      'main\r\ndeb [Signed-By=/k2.asc]http://b.test/d sid main\r\n';
    expect(parseOneLineSources(text)).toEqual([
      {
        uri: 'https://mirror.test/debian/',
        suites: ['trixie'],
        components: ['main'],
        signedBy: '/usr/share/keyrings/k.gpg',
      },
      { uri: 'http://b.test/d', suites: ['sid'], components: ['main'], signedBy: '/k2.asc' },
    ]);
  });

  it('reads a flat archive, which has a path instead of a suite and components', () => {
    expect(parseOneLineSources('deb https://packages.test/repo ./')).toEqual([
      { uri: 'https://packages.test/repo', suites: ['./'], components: [] },
    ]);
  });

  it('makes nothing usable of an installation disk', () => {
    const sources = parseOneLineSources(
      'deb cdrom:[Debian GNU/Linux 12.0.0 _Bookworm_ - Official amd64 DVD Binary-1]/ bookworm main',
    );
    expect(findDebianArchives(sources)).toEqual([]);
  });
});

describe('deb822 sources', () => {
  it('reads several stanzas with comments, continued lines and fields in any case', () => {
    const text = [
      'Types: deb deb-src',
      '# http://snapshot.test/archive/debian/20250520T000000Z',
      'uris: http://mirror.test/debian',
      'SUITES: bookworm',
      '  bookworm-updates',
      'Components: main contrib',
      'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
      '',
      'Types: deb',
      'URIs: http://mirror.test/debian-security',
      'Suites: bookworm-security',
      'Components: main',
    ].join('\n');
    expect(parseDeb822Sources(text)).toEqual([
      {
        uri: 'http://mirror.test/debian',
        suites: ['bookworm', 'bookworm-updates'],
        components: ['main', 'contrib'],
        signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
      },
      { uri: 'http://mirror.test/debian-security', suites: ['bookworm-security'], components: ['main'] },
    ]);
  });

  it('reads several addresses of one stanza, Windows line ends and blank lines with spaces', () => {
    const text =
      'Types: deb\r\nURIs: http://a.test/debian http://b.test/debian\r\nSuites: trixie\r\nComponents: main\r\n  ' +
      ' \r\nTypes: deb-src\r\nURIs: http://c.test/debian\r\nSuites: trixie\r\nComponents: main\r\n';
    expect(parseDeb822Sources(text).map(({ uri }) => uri)).toEqual(['http://a.test/debian', 'http://b.test/debian']);
  });

  it.each(['no', 'No', 'false', '0', 'off'])('leaves out what is switched off with Enabled: %s', (enabled) => {
    expect(
      parseDeb822Sources(
        `Enabled: ${enabled}\nTypes: deb\nURIs: http://a.test/debian\nSuites: trixie\nComponents: main\n`,
      ),
    ).toEqual([]);
  });

  it('keeps an embedded key with its line breaks and its empty line', () => {
    const text = [
      'Types: deb',
      'URIs: http://a.test/debian',
      'Suites: trixie',
      'Components: main',
      'Signed-By:',
      ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
      ' .',
      ' mQINBF==',
      ' -----END PGP PUBLIC KEY BLOCK-----',
    ].join('\n');
    expect(parseDeb822Sources(text)[0]?.signedBy).toBe(
      '\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQINBF==\n-----END PGP PUBLIC KEY BLOCK-----',
    );
  });

  it('finds nothing in an empty or broken file', () => {
    expect(parseDeb822Sources('')).toEqual([]);
    expect(parseDeb822Sources('<html>captive portal</html>\n continued\n')).toEqual([]);
  });
});

describe('which of them are a Debian archive', () => {
  const uris = (text: string): string[] => findDebianArchives(parseOneLineSources(text)).map(({ uri }) => uri);

  it('leaves out security, other vendors, Ubuntu and other components', () => {
    expect(
      uris(
        [
          'deb http://mirror.test/debian-security bookworm-security main',
          'deb http://docker.test/linux/debian bookworm stable',
          'deb http://postgres.test/pub/repos/apt bookworm-pgdg main',
          'deb http://node.test/node_20.x nodistro main',
          'deb http://mirror.test/ubuntu noble main universe',
          'deb http://mirror.test/debian bookworm contrib',
        ].join('\n'),
      ),
    ).toEqual([]);
  });

  it('prefers what is called debian to a vendor with the same suite name, and tries each address once', () => {
    expect(
      uris(
        [
          'deb http://vendor.test/debian/12/prod bookworm main',
          'deb http://mirror.test/debian bookworm main',
          'deb http://mirror.test/debian/ bookworm-updates main',
          'deb mirror+file:/etc/apt/mirrors/list stable main',
        ].join('\n'),
      ),
    ).toEqual(['http://mirror.test/debian', 'http://vendor.test/debian/12/prod', 'mirror+file:/etc/apt/mirrors/list']);
  });

  it('finds none on a machine without apt', () => {
    expect(readAptSources('/no/such/folder')).toEqual([]);
  });
});
