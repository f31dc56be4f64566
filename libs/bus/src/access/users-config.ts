import { natsUsers, permissionsOf, type NatsUserName } from './permissions';

/** The variable that holds a user's password for a server that is not ours: `TOWER_NATS_ECHO_BRIDGE_PASSWORD`. */
export const passwordVariable = (user: NatsUserName): string =>
  `TOWER_NATS_${user.toUpperCase().replaceAll('-', '_')}_PASSWORD`;

/**
 * The `authorization` block of nats-server's configuration: every user with a password and what it may do. Without one
 * of these users nobody gets in. `password` gives what stands behind `password:`, quoted, or a `$VARIABLE`.
 */
export function usersConfig(password: (user: NatsUserName) => string): string {
  const lines = natsUsers.flatMap((user) => {
    const { publish, subscribe } = permissionsOf(user);
    return [
      `    {`,
      `      user: ${JSON.stringify(user)}`,
      `      password: ${password(user)}`,
      `      permissions {`,
      ...listOf('publish', publish),
      ...listOf('subscribe', subscribe),
      `      }`,
      `    }`,
    ];
  });
  return ['authorization {', '  users: [', ...lines, '  ]', '}'].join('\n');
}

const listOf = (what: string, subjects: readonly string[]): string[] => [
  `        ${what} { allow: [`,
  ...subjects.map((subject) => `          ${JSON.stringify(subject)}`),
  '        ] }',
];

/** For a server that an operator runs: passwords come from its environment. `deploy/nats-users.conf` is this text. */
export const usersConfigFile = (): string =>
  [
    '# Written by `tower nats users`, from libs/contracts/src/topology.ts; changes here are lost.',
    '# Each password stands in the environment of nats-server.',
    usersConfig((user) => `$${passwordVariable(user)}`),
    '',
  ].join('\n');
