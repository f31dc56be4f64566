import * as contracts from './index';
import type { CommandDefinition, EventDefinition } from './event';
import type { RequestDefinition } from './request';
import { commandStream, deadLetterStream, eventStream, serviceNames, topology } from './topology';

type Definition = EventDefinition | CommandDefinition | RequestDefinition;
const definitions = Object.values(contracts as Record<string, unknown>).filter((value): value is Definition =>
  ['event', 'command', 'request'].includes((value as { kind?: string } | null)?.kind ?? ''),
);
const events = definitions.filter((definition) => definition.kind === 'event');
const commands = definitions.filter((definition) => definition.kind === 'command');
const requests = definitions.filter((definition) => definition.kind === 'request');

describe('the topology', () => {
  it.each(events.map((event) => [event.type, event] as const))('has one publisher of %s, its owner', (_, event) => {
    expect(serviceNames.filter((service) => topology[service].publishes.includes(event))).toEqual([event.owner]);
  });

  it.each(commands.map((command) => [command.type, command] as const))(
    'has one reader of %s, its owner',
    (_, command) => {
      expect(serviceNames.filter((service) => topology[service].commands.includes(command))).toEqual([command.owner]);
    },
  );

  it.each(requests.map((request) => [request.subject, request] as const))(
    'has a service that owns %s',
    (_, { owner }) => {
      expect(serviceNames).toContain(owner);
    },
  );

  it('lists nothing twice', () => {
    for (const service of serviceNames) {
      const { publishes, consumes, commands: taken } = topology[service];
      for (const list of [publishes, consumes, taken])
        expect(new Set(list.map((definition) => definition.type)).size).toBe(list.length);
    }
  });

  it('consumes only what somebody publishes', () => {
    const published = new Set(serviceNames.flatMap((service) => topology[service].publishes));
    for (const service of serviceNames)
      expect(topology[service].consumes.filter((event) => !published.has(event))).toEqual([]);
  });

  it('gives each service a schema and streams of its own, under names that JetStream takes', () => {
    expect(new Set(serviceNames.map((service) => topology[service].schema)).size).toBe(serviceNames.length);
    const streams = [
      ...serviceNames.flatMap((service) => [eventStream(service), commandStream(service)]),
      deadLetterStream,
    ];
    expect(new Set(streams).size).toBe(streams.length);
    for (const stream of streams) expect(stream).toMatch(/^[A-Z][A-Z0-9_]*$/);
  });

  it('names every type once', () => {
    const types = [...events, ...commands].map((definition) => `${definition.kind} ${definition.type}`);
    expect(new Set(types).size).toBe(types.length);
    const subjects = requests.map((request) => request.subject);
    expect(new Set(subjects).size).toBe(subjects.length);
  });
});

describe('an event', () => {
  it('has a subject under its owner that its own filter matches', () => {
    for (const event of events) {
      expect(event.filter).toBe(`evt.${event.type}.*`);
      expect(event.filter.startsWith(`evt.${event.owner}.`)).toBe(true);
    }
  });
});
