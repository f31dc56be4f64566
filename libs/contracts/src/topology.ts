import type { CommandDefinition, EventDefinition } from './event';
import { characterArchived, characterCreated, characterUpdated } from './events/character-events';
import { projectArchived, projectCreated, projectUpdated } from './events/project-events';
import { attemptJudged } from './events/quality-events';
import {
  attemptDispatched, attemptFailed, attemptLost, attemptRendered, attemptSettled, cancelJob, commandAccepted, commandRejected, jobCancelled,
  jobCompleted, jobFailed, jobQueued, jobRejected, jobRendered, jobRequested, jobStarted, jobTimedOut, requestJob,
} from './events/rendering-events';

export const serviceNames = ['gateway', 'projects', 'characters', 'rendering', 'quality', 'echo-bridge'] as const;
export type ServiceName = (typeof serviceNames)[number];

interface ServiceTopology {
  /** Schema of the same meaning in PostgreSQL; underscores, because names there need no quoting then. */
  readonly schema: string;
  readonly publishes: readonly EventDefinition[];
  readonly consumes: readonly EventDefinition[];
  readonly commands: readonly CommandDefinition[];
}

export const jobEvents = [
  jobRequested, jobQueued, jobStarted, attemptDispatched, attemptRendered, attemptFailed, attemptLost, attemptSettled, jobRendered, jobCompleted,
  jobRejected, jobFailed, jobTimedOut, jobCancelled,
] as const satisfies readonly EventDefinition[];

const projectEvents = [projectCreated, projectUpdated, projectArchived];
const characterEvents = [characterCreated, characterUpdated, characterArchived];

/** Who says what and who listens. A service refuses to start when a listed event has no handler or two; the diagram in docs is drawn from this. */
export const topology: Readonly<Record<ServiceName, ServiceTopology>> = {
  gateway: { schema: 'gateway', publishes: [], consumes: [...jobEvents, attemptJudged, ...projectEvents, ...characterEvents], commands: [] },
  projects: { schema: 'projects', publishes: projectEvents, consumes: [], commands: [] },
  characters: { schema: 'characters', publishes: characterEvents, consumes: [projectArchived], commands: [] },
  rendering: { schema: 'rendering', publishes: [...jobEvents, commandAccepted, commandRejected], consumes: [attemptJudged], commands: [requestJob, cancelJob] },
  quality: { schema: 'quality', publishes: [attemptJudged], consumes: [attemptRendered], commands: [] },
  'echo-bridge': { schema: 'echo_bridge', publishes: [], consumes: [], commands: [] },
};

/** One stream per owner: `RENDERING` holds `evt.rendering.>`, `CMD_RENDERING` holds `cmd.rendering.>`. */
export const eventStream = (owner: string): string => owner.toUpperCase().replaceAll('-', '_');
export const commandStream = (owner: string): string => `CMD_${eventStream(owner)}`;
export const deadLetterStream = 'DEAD_LETTERS';
