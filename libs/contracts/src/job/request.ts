import { z } from 'zod';

export const jobType = z.enum(['still_image', 'animation_loop', 'full_video', 'character_sheet']);
export type JobType = z.infer<typeof jobType>;
/** Job types whose results are films; the others are pictures. */
export const filmJobTypes = ['animation_loop', 'full_video'] as const satisfies readonly JobType[];
export const priority = z.enum(['urgent', 'high', 'normal', 'low']);
export type Priority = z.infer<typeof priority>;
/** From the quickest to the best. */
export const preset = z.enum(['draft', 'low', 'standard', 'high', 'final']);
export type Preset = z.infer<typeof preset>;
