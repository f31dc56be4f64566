/** That one job goes before another by hand; `moved` is the one of them that was moved to the place of the other. */
export interface HandOrder {
  first: string;
  then: string;
  moved: string;
}

/** By job: the jobs that must have started before it. */
export function behindByHand(orders: readonly HandOrder[]): ReadonlyMap<string, readonly string[]> {
  const behind = new Map<string, string[]>();
  for (const { first, then } of orders) behind.set(then, [...(behind.get(then) ?? []), first]);
  return behind;
}

/**
 * The line as people ordered it: a job that was moved before another one stands just before it, one that was moved
 * after another one just behind it; everything else keeps its place. Of orders that make a circle the last one met is
 * left out. Jobs whose partner is not in this line stay where they are.
 */
export function orderByHand<Task extends { jobId: string }>(
  line: readonly Task[],
  orders: readonly HandOrder[],
): readonly Task[] {
  if (orders.length === 0) return line;
  const tasksOf = new Map<string, Task[]>();
  for (const task of line) tasksOf.set(task.jobId, [...(tasksOf.get(task.jobId) ?? []), task]);
  const placed: Task[] = [];
  const done = new Set<string>();
  const under = new Set<string>();
  const place = (jobId: string): void => {
    if (done.has(jobId) || under.has(jobId)) return;
    under.add(jobId);
    for (const { first, moved } of orders.filter(({ then }) => then === jobId))
      if (moved === first && tasksOf.has(first)) place(first);
    done.add(jobId);
    placed.push(...(tasksOf.get(jobId) ?? []));
    // What was moved behind it comes with it, unless something else still goes before that.
    for (const { then, moved } of orders.filter(({ first }) => first === jobId))
      if (moved === then && tasksOf.has(then) && !waitsFor(then)) place(then);
    under.delete(jobId);
  };
  const waitsFor = (jobId: string): boolean =>
    orders.some(({ first, then, moved }) => then === jobId && moved === then && tasksOf.has(first) && !done.has(first));
  for (const { jobId } of line) if (!waitsFor(jobId)) place(jobId);
  // Only circles are left.
  for (const { jobId } of line) if (!done.has(jobId)) place(jobId);
  return placed;
}
