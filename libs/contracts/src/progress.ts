/** Core NATS, best effort: the latest `ProgressView` of one job. */
export const progressSubject = (jobId: string): string => `progress.rendering.v1.${jobId}`;
export const progressFilter = 'progress.rendering.v1.*';
