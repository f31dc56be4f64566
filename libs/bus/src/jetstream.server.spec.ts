import { characterCreated, projectArchived, topology, type ServiceName } from '@tower/contracts';
import { createLogger, Metrics } from '@tower/kit';
import { BusMetrics } from './bus.metrics';
import type { BusConnection } from './connection';
import { JetStreamServer } from './jetstream.server';

/** A new one each time: Nest marks the function itself. */
const handler = () => (): Promise<void> => Promise.resolve();
/** The check comes before anything is asked of the bus. */
const noBus = {} as BusConnection;

const serverOf = (service: ServiceName): JetStreamServer =>
  new JetStreamServer(service, noBus, new BusMetrics(new Metrics('test')), createLogger('test', 'silent'));

function listenError(server: JetStreamServer): string {
  let found: unknown;
  server.listen((error) => (found = error));
  return found instanceof Error ? found.message : String(found);
}

describe('the boot check', () => {
  it('refuses to start without a handler for a listed event', () => {
    expect(listenError(serverOf('characters'))).toBe(
      'characters is listed as a reader of evt.projects.v1.project_archived.* but has no handler for it',
    );
  });

  it('refuses to start without a handler for a listed command', () => {
    const server = serverOf('rendering');
    server.addHandler('evt.quality.v1.attempt_judged.*', handler(), true, { durable: 'rendering' });
    expect(listenError(server)).toContain('reader of cmd.rendering.v1.request_job but has no handler');
  });

  it('refuses to start when nobody answers commands that come to nothing', () => {
    const server = serverOf('rendering');
    const listed = topology.rendering.commands.map(({ type }) => `cmd.${type}`);
    for (const pattern of ['evt.quality.v1.attempt_judged.*', ...listed])
      server.addHandler(pattern, handler(), true, { durable: 'rendering' });
    expect(listenError(server)).toContain('reader of cmd.rendering.> but has no handler');
  });

  it('refuses two handlers for one event', () => {
    const server = serverOf('characters');
    server.addHandler(projectArchived.filter, handler(), true, { durable: 'characters' });
    server.addHandler(projectArchived.filter, handler(), true, { durable: 'characters' });
    expect(listenError(server)).toBe('characters has two handlers for evt.projects.v1.project_archived.*');
  });

  it('refuses a handler that the topology does not list', () => {
    const server = serverOf('characters');
    server.addHandler(projectArchived.filter, handler(), true, { durable: 'characters' });
    server.addHandler(characterCreated.filter, handler(), true, { durable: 'characters' });
    expect(listenError(server)).toContain(
      'handles evt.characters.v1.character_created.* but the topology does not list it',
    );
  });

  it('refuses a durable consumer under another name than the reader, whose dead letters nobody would find', () => {
    const server = serverOf('characters');
    server.addHandler(projectArchived.filter, handler(), true, { durable: 'somebody' });
    expect(listenError(server)).toContain('durable consumers are named after their reader');
  });

  it('lets a service start that reads nothing', () => {
    const server = serverOf('projects');
    expect(listenError(server)).toBe('undefined');
    return server.close();
  });
});
