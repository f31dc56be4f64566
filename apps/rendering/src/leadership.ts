/** Lease under which one rendering process acts on the cards. */
export const schedulerLease = 'gpu-scheduler';
