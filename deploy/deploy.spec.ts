// Nothing is built or run in containers here: the files are checked against what they promise.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsUsers, passwordVariable, usersConfigFile } from '@tower/bus';
import { serviceNames, type ServiceName } from '@tower/contracts';
import { parseEnv, serviceEnv, towerVersion } from '@tower/kit';
import { findNatsServer } from '@tower/machine';
import addFormats from 'ajv-formats';
import Ajv2020 from 'ajv/dist/2020';
import { intersects } from 'semver';
import { parse } from 'yaml';
import type { z } from 'zod';
import { echoBridgeEnv } from '../apps/echo-bridge/src/env';
import { gatewayEnv } from '../apps/gateway/src/env';
import { qualityEnv } from '../apps/quality/src/env';
import { renderingEnv } from '../apps/rendering/src/env';
import { environmentOf, readCompose, root, serviceOf, withDefaults } from './compose';

const text = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const compose = readCompose();
/** What each service reads besides what all of them do. */
const ownEnv: Partial<Record<ServiceName, z.ZodObject>> = {
  gateway: gatewayEnv,
  rendering: renderingEnv,
  quality: qualityEnv,
  'echo-bridge': echoBridgeEnv,
};

describe('docker-compose.yml', () => {
  it('is what the Compose Specification allows', () => {
    const schema = text('deploy', 'test-data', 'compose-spec.json');
    expect(text('deploy', 'test-data', 'README.md')).toContain(createHash('sha256').update(schema).digest('hex'));
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(ajv);
    // The specification's own formats, which Compose checks itself.
    for (const format of ['ports', 'expose', 'subnet_ip_address']) ajv.addFormat(format, true);
    const validate = ajv.compile(JSON.parse(schema) as object);
    validate(compose);
    expect(validate.errors).toBeNull();
  });

  it('runs every service of the topology, its servers, what prepares them and shows them, and nothing else', () => {
    expect(Object.keys(compose.services).sort()).toEqual(
      [...serviceNames, 'nats', 'nats-setup', 'postgres', 'prometheus', 'grafana'].sort(),
    );
  });

  it('names the exact version of every image that is not built here', () => {
    const foreign = Object.values(compose.services).filter(({ build }) => build === undefined);
    expect(foreign.filter(({ image }) => !/:v?\d+(\.\d+)*(-alpine)?$/.test(image))).toEqual([]);
  });

  it('shows Grafana the dashboards and the Prometheus of this file', () => {
    const grafana = serviceOf(compose, 'grafana');
    const { PROMETHEUS_URL } = environmentOf(grafana);
    expect(PROMETHEUS_URL).toBe('http://prometheus:9090');
    expect(text('deploy', 'grafana', 'provisioning', 'datasources', 'tower.yaml')).toContain('url: ${PROMETHEUS_URL}');
    const { providers } = parse(text('deploy', 'grafana', 'provisioning', 'dashboards', 'tower.yaml')) as {
      providers: { options: { path: string } }[];
    };
    expect(grafana.volumes).toEqual(
      expect.arrayContaining([
        './deploy/grafana/provisioning:/etc/grafana/provisioning:ro',
        `./deploy/grafana/dashboards:${providers[0]?.options.path}:ro`,
      ]),
    );
  });

  it.each(serviceNames)('starts %s from the one image, with its own program', (name) => {
    const service = serviceOf(compose, name);
    expect(service).toMatchObject({
      image: `tower:${towerVersion}`,
      build: { context: '.', dockerfile: 'deploy/Dockerfile' },
      command: ['node', `apps/${name}/dist/main.js`],
      restart: 'unless-stopped',
    });
    expect(existsSync(join(root, 'apps', name, 'src', 'main.ts'))).toBe(true);
    expect(service.depends_on).toEqual({
      postgres: { condition: 'service_healthy' },
      nats: { condition: 'service_healthy' },
      'nats-setup': { condition: 'service_completed_successfully' },
    });
  });

  it.each(serviceNames)('tells %s only variables that it knows, with values that it takes', (name) => {
    const environment = environmentOf(serviceOf(compose, name));
    const own = ownEnv[name];
    expect(
      Object.keys(environment).filter((key) => !(key in serviceEnv.shape) && !(own !== undefined && key in own.shape)),
    ).toEqual([]);
    expect(() => parseEnv(serviceEnv, environment)).not.toThrow();
    if (own !== undefined) expect(() => parseEnv(own, environment)).not.toThrow();
  });

  it('lets each service into NATS as itself, with the password that the server is told, and tells it no other', () => {
    const server = environmentOf(serviceOf(compose, 'nats'));
    expect(Object.keys(server).sort()).toEqual(natsUsers.map(passwordVariable).sort());
    for (const name of serviceNames) {
      const variable = passwordVariable(name);
      const raw = serviceOf(compose, name).environment ?? {};
      expect(raw['NATS_URL']).toBe(`nats://${name}:\${${variable}:-${name}}@nats:4222`);
      expect(serviceOf(compose, 'nats').environment?.[variable]).toBe(`\${${variable}:-${name}}`);
      expect(JSON.stringify(raw).match(/TOWER_NATS_\w+_PASSWORD/g)).toEqual([variable]);
    }
    expect(environmentOf(serviceOf(compose, 'nats-setup'))).toEqual({ NATS_URL: 'nats://admin:admin@nats:4222' });
  });

  it('asks each service on the port that it was told whether it is ready', () => {
    for (const name of serviceNames) {
      const { environment, healthcheck } = serviceOf(compose, name);
      expect(healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${environment?.['OPS_PORT']}/health/ready`);
    }
  });

  it('publishes on the loopback only', () => {
    const published = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(published.length).toBeGreaterThan(0);
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('mounts files that exist, and volumes that are declared', () => {
    for (const volume of Object.values(compose.services).flatMap((service) => service.volumes ?? [])) {
      const source = withDefaults(volume).split(':')[0] ?? '';
      if (source.startsWith('./'))
        expect({ source, exists: existsSync(join(root, source)) }).toEqual({ source, exists: true });
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  it('gives every service that touches pictures the same library', () => {
    for (const name of ['gateway', 'rendering', 'quality'])
      expect(serviceOf(compose, name)).toMatchObject({
        environment: { TOWER_LIBRARY: '/library' },
        volumes: expect.arrayContaining([expect.stringMatching(/:\/library(:ro)?$/)]) as string[],
      });
  });
});

describe('deploy/nats.conf', () => {
  it('is accepted by nats-server', async () => {
    const { path } = await findNatsServer({ cacheDir: join(root, '.cache', 'nats') });
    const env = { ...process.env, ...environmentOf(serviceOf(compose, 'nats')) };
    const check = spawnSync(path, ['-t', '-c', join(root, 'deploy', 'nats.conf')], { encoding: 'utf8', env });
    expect({ status: check.status, output: check.stdout + check.stderr }).toMatchObject({
      status: 0,
      output: expect.stringContaining('is valid') as string,
    });
  });

  it('includes the users and rights that follow from the topology; `tower nats users` writes them', () => {
    expect(text('deploy', 'nats-users.conf')).toBe(usersConfigFile());
    expect(text('deploy', 'nats.conf')).toMatch(/^include nats-users\.conf$/m);
    const mounted = (serviceOf(compose, 'nats').volumes ?? []).map((volume) => volume.split(':').slice(0, 2).join(':'));
    expect(mounted).toContain('./deploy/nats-users.conf:/etc/nats/nats-users.conf');
  });

  it('keeps every acknowledged message on the volume, reserves room, takes messages as large as the embedded', () => {
    const settings = text('deploy', 'nats.conf').replace(/#.*/g, '');
    for (const setting of [/sync_interval: always/, /store_dir: \/data\s/, /max_file_store: 8GB/, /max_payload: 8MB/])
      expect(settings).toMatch(setting);
    expect(serviceOf(compose, 'nats').volumes).toContain('nats:/data');
  });
});

describe('deploy/prometheus.yml', () => {
  it('names the metrics port of every service', () => {
    const config = parse(text('deploy', 'prometheus.yml')) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    const targets = config.scrape_configs
      .find((job) => job.job_name === 'tower')
      ?.static_configs.flatMap((entry) => entry.targets);
    expect(targets?.sort()).toEqual(
      serviceNames.map((name) => `${name}:${serviceOf(compose, name).environment?.['OPS_PORT']}`).sort(),
    );
  });
});

describe('deploy/Dockerfile', () => {
  const lines = text('deploy', 'Dockerfile').split('\n');

  it('builds and runs on the same Node, one of a tested line, and not as root', () => {
    expect(lines.filter((line) => line.startsWith('FROM '))).toEqual([
      'FROM node:24-slim AS build',
      'FROM node:24-slim',
    ]);
    const { engines } = JSON.parse(text('package.json')) as { engines: { node: string } };
    expect(intersects('24.x', engines.node)).toBe(true);
    expect(lines.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
    expect(lines.indexOf('USER node')).toBeGreaterThan(lines.lastIndexOf('FROM node:24-slim'));
  });

  it('keeps what a build or a run leaves in the checkout out of the image', () => {
    const ignored = text('deploy', 'Dockerfile.dockerignore').split('\n');
    for (const path of ['**/node_modules', '**/dist', '.git', '.tower', '.cache', 'library'])
      expect(ignored).toContain(path);
  });
});
