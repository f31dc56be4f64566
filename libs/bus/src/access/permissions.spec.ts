import * as contracts from '@tower/contracts';
import { eventStream, serviceNames, topology, type EventDefinition, type RequestDefinition } from '@tower/contracts';
import { inboxPrefixOf, natsUsers, permissionsOf, type NatsUserName } from './permissions';
import { passwordVariable, usersConfigFile } from './users-config';

const definitions = Object.entries(contracts as Record<string, unknown>);
const isKind = (value: unknown, kind: string): boolean => (value as { kind?: string } | null)?.kind === kind;
const events = definitions
  .map(([, value]) => value)
  .filter((value): value is EventDefinition => isKind(value, 'event'));
const questions = definitions.filter((entry): entry is [string, RequestDefinition] => isKind(entry[1], 'request'));
const besidesAdmin = natsUsers.filter((user) => user !== 'admin');

/** As the server does: `*` is one token, `>` all that follow. */
function covers(pattern: string, subject: string): boolean {
  const [wanted, given] = [pattern.split('.'), subject.split('.')];
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return given.length > index;
    if (given[index] === undefined || (token !== '*' && token !== given[index])) return false;
  }
  return wanted.length === given.length;
}

const whoMay = (what: 'publish' | 'subscribe', subject: string): NatsUserName[] =>
  natsUsers.filter((user) => permissionsOf(user)[what].some((pattern) => covers(pattern, subject)));

describe('what NATS lets its users do', () => {
  it.each(events.map((event) => [event.type, event] as const))('lets nobody but its owner publish %s', (_, event) => {
    expect(whoMay('publish', event.filter.replace('*', 'some-id'))).toEqual([event.owner]);
  });

  it.each(questions)('lets those ask %s whom the topology lists, and its owner alone hear it', (_, question) => {
    expect(whoMay('publish', question.subject)).toEqual(
      serviceNames.filter((service) => topology[service].asks.includes(question)),
    );
    expect(whoMay('subscribe', question.subject)).toEqual([question.owner]);
  });

  it.each(natsUsers)('keeps the answers to %s from everybody else, and lets only those answer whom it asks', (user) => {
    const inbox = `${inboxPrefixOf(user)}.abc.1`;
    expect(whoMay('subscribe', inbox)).toEqual([user]);
    const asks = serviceNames.some((service) => service === user)
      ? topology[user as (typeof serviceNames)[number]].asks
      : [];
    expect(whoMay('publish', inbox)).toEqual(
      serviceNames.filter((service) => asks.some((question) => question.owner === service)),
    );
  });

  it.each(besidesAdmin)('never lets %s change or empty a stream, or take away a consumer', (user) => {
    const calls = [
      String.raw`STREAM\.(DELETE|PURGE|UPDATE|MSG\.DELETE|RESTORE|SNAPSHOT|[>*])`,
      String.raw`CONSUMER\.(DELETE|PAUSE|[>*])`,
      'ACCOUNT',
      '[>*]',
    ];
    const forbidden = new RegExp(String.raw`^\$JS\.API\.(${calls.join('|')})`);
    expect(permissionsOf(user).publish.filter((subject) => forbidden.test(subject))).toEqual([]);
  });

  it.each(natsUsers)('never lets %s use a wildcard above what is its own', (user) => {
    const { publish, subscribe } = permissionsOf(user);
    const wide = [...publish, ...subscribe].filter((subject) =>
      /^(>|\*|evt\.[>*]|cmd\.[>*]|req\.[>*]|_INBOX\*|\$JS\.(>|\*|ACK\.>))/.test(subject),
    );
    expect(wide).toEqual([]);
  });

  it.each(besidesAdmin)(
    'never lets %s both write to a stream and have its messages delivered where it likes',
    (user) => {
      const { publish } = permissionsOf(user);
      const written = serviceNames
        .filter((owner) => publish.some((subject) => subject.startsWith(`evt.${owner}.`)))
        .map(eventStream);
      const commanded = serviceNames
        .filter((owner) => publish.some((subject) => subject.startsWith(`cmd.${owner}.`)))
        .map(contracts.commandStream);
      const taken = publish.flatMap(
        (subject) =>
          /^\$JS\.API\.(?:CONSUMER\.(?:MSG\.NEXT|CREATE|DURABLE\.CREATE)|DIRECT\.GET)\.([A-Z_]+)/.exec(subject)?.[1] ??
          [],
      );
      expect(taken.filter((stream) => [...written, ...commanded].includes(stream))).toEqual([]);
    },
  );

  it('lets publishers command and read, and nothing else', () => {
    const { publish, subscribe } = permissionsOf('publisher');
    expect(
      publish
        .filter((subject) => !/^\$JS\.API\.(INFO$|STREAM\.INFO\.|STREAM\.MSG\.GET\.|DIRECT\.GET\.)/.test(subject))
        .sort(),
    ).toEqual(['cmd.rendering.>']);
    expect(whoMay('subscribe', 'evt.rendering.v1.command_accepted.some-id')).toEqual(['publisher']);
    expect([...subscribe].sort()).toEqual([
      '_INBOX.>',
      'evt.characters.>',
      'evt.projects.>',
      'evt.quality.>',
      'evt.rendering.>',
      'progress.rendering.v1.*',
    ]);
  });
});

describe('the configuration for other servers', () => {
  it('names every user once, with a variable of its own as password', () => {
    const text = usersConfigFile();
    for (const user of natsUsers) {
      expect(text.split(`user: "${user}"`)).toHaveLength(2);
      expect(text.split(`$${passwordVariable(user)}\n`)).toHaveLength(2);
    }
    expect(text).not.toContain('no_auth_user');
  });
});
