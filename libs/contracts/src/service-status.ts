import { z } from 'zod';
import { openDeadLetters } from './dead-letter';
import { gpuView, standstillView } from './gpu';
import { instant } from './primitives';
import { problem } from './problem';
import { utilisationView } from './steering';

/** `degraded`: it works, and something is wrong that only a person can put right. */
export const healthCheck = z.object({ ok: z.boolean(), degraded: z.boolean().optional(), detail: z.string() });
export type HealthCheck = z.infer<typeof healthCheck>;

/** Characters of what a check says in a heartbeat. */
export const maxCheckDetail = 500;

/** Every process says this on core NATS every two seconds; nothing of it is stored. */
export const heartbeat = z.object({
  service: z.string().max(100),
  /** Unique per process start. */
  instance: z.string().max(100),
  pid: z.int(),
  version: z.string().max(100),
  started_at: instant,
  state: z.enum(['starting', 'ready', 'degraded', 'stopping']),
  checks: z
    .record(z.string().max(100), healthCheck.extend({ detail: z.string().max(maxCheckDetail) }))
    .refine((checks) => Object.keys(checks).length <= 128, 'at most 128 checks'),
});
export type Heartbeat = z.infer<typeof heartbeat>;

export const heartbeatSubject = (service: string): string => `hb.${service}`;
export const heartbeatFilter = 'hb.*';
export const heartbeatIntervalMs = 2_000;
/** After three missed beats a process counts as down. */
export const heartbeatDeadlineMs = 6_500;

export const processView = z
  .object({
    service: z.string(),
    state: z.enum(['starting', 'ready', 'degraded', 'stopping', 'down']),
    pid: z.int().nullable(),
    version: z.string().nullable(),
    started_at: instant.nullable(),
    uptime_seconds: z.number().nullable(),
    last_seen_at: instant.nullable(),
    checks: z.record(z.string(), healthCheck),
  })
  .meta({ id: 'Process' });
export type ProcessView = z.infer<typeof processView>;

export const healthView = z
  .object({ status: z.enum(['ok', 'degraded', 'unavailable']), parts: z.record(z.string(), healthCheck) })
  .meta({ id: 'Health' });
export type HealthView = z.infer<typeof healthView>;

export const healthProblem = problem.extend({ parts: healthView.shape.parts }).meta({ id: 'HealthProblem' });

export const queueView = z
  .object({
    pending: z.int(),
    queued: z.int(),
    processing: z.int(),
    quality_check: z.int(),
    oldest_queued_seconds: z.number().nullable(),
    paused: standstillView.nullable().describe('who paused the queue; null while it is served'),
    paused_jobs: z.int().describe('jobs that are paused, each by itself'),
  })
  .meta({ id: 'Queue' });

export const machineView = z
  .object({
    ffmpeg: z
      .object({
        version: z.string(),
        source: z.enum(['setting', 'system', 'package']).describe('FFMPEG_PATH, the path, or the npm package'),
        warning: z.string().nullable(),
      })
      .nullable()
      .describe('null where none runs'),
    warnings: z.array(z.string()).describe('what a person should change although everything works'),
  })
  .meta({ id: 'Machine' });
export type MachineView = z.infer<typeof machineView>;

/** What a file system can do, as found by trying. */
export const fileSystemView = z
  .object({
    kind: z.string().describe('what the system calls it, such as ext4 or SMB; a number where that has no name here'),
    hard_links: z.boolean().describe('without them a finished file gets its name by reserving it and renaming'),
    exclusive_create: z.boolean(),
    replacing_rename: z.boolean(),
    flushes_files: z.boolean(),
    flushes_folders: z.boolean(),
    case_sensitive: z.boolean(),
    longest_name: z.int().describe('bytes, as far as Tower needs to know: 255, 143, 120, or 0 for less'),
    takes_own_names: z.boolean().describe('names as Tower makes them'),
  })
  .meta({ id: 'FileSystem' });
export type FileSystemView = z.infer<typeof fileSystemView>;

/** One of the disks that Tower itself writes to. */
export const diskView = z
  .object({
    place: z.enum(['library', 'home', 'temp']),
    ok: z.boolean().describe('false while work waits for this disk'),
    detail: z.string().describe('what is wrong and what to do, or how much is free'),
    free_bytes: z.number(),
    total_bytes: z.number(),
    needed_bytes: z.number().describe('has to be free for work to go on'),
    file_system: fileSystemView.nullable().describe('of the library, once something could be written there'),
    lacks: z.array(z.string()).describe('what its file system has not, and what Tower does instead'),
  })
  .meta({ id: 'Disk' });
export type DiskView = z.infer<typeof diskView>;

const timesView = z.object({
  p50: z.number().describe('seconds'),
  p99: z.number().describe('seconds'),
});

/** How long cards wait for the process that gives out work. */
export const plannerView = z
  .object({
    looks: z.int().describe('looks with an idle card and waiting work since the process started'),
    planning_seconds: timesView.describe('of the last thousand such looks, until it was known what starts where'),
    booking_seconds: timesView.nullable().describe('until the attempt was written; null before the first'),
  })
  .meta({ id: 'Planner' });
export type PlannerView = z.infer<typeof plannerView>;

/** Rendering's own part of `/status`. */
export const renderingStatus = z.object({
  queue: queueView,
  gpus: z.array(gpuView),
  utilisation: z.record(z.string(), utilisationView).describe('of each card, measured over the last hour'),
  leader: z.object({ holder: z.string().nullable(), fence: z.int(), until: instant.nullable() }),
  planner: plannerView.nullable().describe('of the process that answers; null where it has given out nothing'),
  library: z.object({ free_bytes: z.number(), total_bytes: z.number() }),
  machine: machineView,
  disks: z.array(diskView).describe('what Tower itself writes to; new work starts only while all are ok'),
  models: z.object({
    present: z.record(z.string(), z.array(z.string())),
    missing: z.array(z.object({ workflow: z.string(), what: z.string(), where: z.string() })),
    missing_omitted: z.int().min(1).optional().describe('how many more are missing than are named'),
  }),
});
export type RenderingStatus = z.infer<typeof renderingStatus>;

export const statusView = z
  .object({
    version: z.string(),
    simulated: z.boolean().describe('true when at least one card is a simulator'),
    processes: z.array(processView),
    dead_letters: z
      .array(openDeadLetters)
      .describe('of each service that has messages it could not handle: how many, and the newest few'),
    rendering: renderingStatus.nullable().describe('null while rendering does not answer'),
  })
  .meta({ id: 'Status' });
export type StatusView = z.infer<typeof statusView>;
