import type { INestApplicationContext, ValueProvider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BusConnection, RequestClient } from '@tower/bus';
import type { GpuConfig } from '@tower/contracts';
import { Outbox } from '@tower/db';
import { CLOCK, LOGGER, Metrics, type Clock, type Logger } from '@tower/kit';
import { DiskWatch, Library } from '@tower/library';
import { ModelAcceptance, ModelStore } from '@tower/models';
import { ANSWERS_DB, DATABASE_URL, INSTANCE } from '@tower/service';
import { DataSource } from 'typeorm';
import { MODEL_SOURCE, type ModelSource } from '../src/attempts/recovery/model-downloads';
import { COMFYUI_MIN_VERSION, GPUS } from '../src/cards/card-config';
import { OPERATOR_FAMILIES, type OperatorFamilies } from '../src/cards/family-reading';
import { PREFETCH_SECONDS } from '../src/execution/prompts-ahead';
import { WATCH_THRESHOLDS, watchThresholds, type WatchThresholds } from '../src/cards/watch-thresholds';
import { OutputInspector } from '../src/outputs/output-inspector';
import { renderingProviders } from '../src/rendering.module';
import { InputFiles } from '../src/requests/input-files';
import { QueueCeiling } from '../src/requests/queue-ceiling';
import { Catalogue } from '../src/workflows/catalogue';

/** What the host of the service brings it. */
export interface Host {
  databaseUrl: string;
  db: DataSource;
  bus: BusConnection;
  requests: RequestClient;
  metrics: Metrics;
  clock: Clock;
  logger: Logger;
  /** Name of the process, which holds the lease. */
  instance: string;
}

/** What the service otherwise reads from its environment, or makes by it. */
export interface Surroundings {
  library: Library;
  disks: DiskWatch;
  workflows: Catalogue;
  inputs: InputFiles;
  inspector: OutputInspector;
  gpus: readonly GpuConfig[];
  queueLimit: number;
  limits?: Partial<WatchThresholds>;
  /** Seconds before its expected end in which a prompt gets another one behind it; 0, for none, unless told. */
  prefetchSeconds?: number;
  /** Where files of models come from; nowhere unless told. */
  models?: ModelSource;
  oldestVersion?: string;
  /** What the operator says of checkpoints. */
  families?: OperatorFamilies;
}

/**
 * The rendering service as its module composes it, with a host and surroundings of the caller's. Nothing of it is
 * started, and nothing has to be closed but what the caller brought.
 */
export function composeRendering(host: Host, around: Surroundings): Promise<INestApplicationContext> {
  const module = class ComposedRendering {};
  return NestFactory.createApplicationContext(
    { module, providers: [...renderingProviders(valuesFor(around, host.clock)), ...broughtBy(host)] },
    { logger: false, abortOnError: false },
  );
}

const valuesFor = (around: Surroundings, clock: Clock): ValueProvider[] => [
  { provide: Library, useValue: around.library },
  { provide: DiskWatch, useValue: around.disks },
  { provide: Catalogue, useValue: around.workflows },
  { provide: InputFiles, useValue: around.inputs },
  { provide: OutputInspector, useValue: around.inspector },
  { provide: GPUS, useValue: around.gpus },
  { provide: QueueCeiling, useValue: new QueueCeiling(around.queueLimit, clock) },
  { provide: PREFETCH_SECONDS, useValue: around.prefetchSeconds ?? 0 },
  { provide: WATCH_THRESHOLDS, useValue: { ...watchThresholds, ...around.limits } },
  { provide: ModelStore, useValue: noModels },
  { provide: MODEL_SOURCE, useValue: around.models ?? noModels },
  { provide: COMFYUI_MIN_VERSION, useValue: around.oldestVersion ?? '0.3.64' },
  { provide: OPERATOR_FAMILIES, useValue: around.families ?? {} },
];

const noModels = new ModelStore([], new ModelAcceptance([]));

const broughtBy = (host: Host): ValueProvider[] => [
  { provide: DATABASE_URL, useValue: host.databaseUrl },
  { provide: DataSource, useValue: host.db },
  { provide: ANSWERS_DB, useValue: host.db },
  { provide: BusConnection, useValue: host.bus },
  { provide: RequestClient, useValue: host.requests },
  { provide: Outbox, useValue: new Outbox('rendering', host.clock) },
  { provide: Metrics, useValue: host.metrics },
  { provide: CLOCK, useValue: host.clock },
  { provide: LOGGER, useValue: host.logger },
  { provide: INSTANCE, useValue: host.instance },
];
