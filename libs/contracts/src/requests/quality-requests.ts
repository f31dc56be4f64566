import { z } from 'zod';
import { jobQualityView } from '../job';
import { uuid } from '../primitives';
import { defineRequest } from '../request';

export const getJobQualityRequest = defineRequest('quality.v1.get_job_quality', z.object({ job_id: uuid }), jobQualityView);
