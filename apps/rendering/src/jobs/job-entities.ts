import { Artifact } from './artifact.entity';
import { Attempt } from './attempt.entity';
import { GenerationParams } from './generation-params.entity';
import { JobEvent } from './job-event.entity';
import { Job } from './job.entity';
import { RuntimeSample } from './runtime-sample.entity';
import { Task } from './task.entity';
import { Upload } from './upload.entity';

export const jobEntities = [Job, Task, Attempt, JobEvent, Artifact, GenerationParams, RuntimeSample, Upload];
