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
 * after another one just behind it; what stood so already, and everything else, keeps its place. Jobs whose partner is
 * not in this line stay where they are. Nothing is lost to orders that make a circle: one of them does not hold then.
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
  /** With everything that goes before it, which comes forward with it where it stands further back. */
  const place = (jobId: string): void => {
    const tasks = tasksOf.get(jobId);
    if (tasks === undefined || done.has(jobId) || under.has(jobId)) return;
    under.add(jobId);
    for (const { first, then } of orders) if (then === jobId) place(first);
    under.delete(jobId);
    done.add(jobId);
    placed.push(...tasks);
  };
  /** It was moved behind something that is still to come. */
  const isToWait = (jobId: string): boolean =>
    orders.some(
      ({ first, then, moved }) => then === jobId && moved === jobId && tasksOf.has(first) && !done.has(first),
    );
  const later: string[] = [];
  for (const jobId of tasksOf.keys()) {
    if (isToWait(jobId)) {
      later.push(jobId);
      continue;
    }
    place(jobId);
    for (let next = ready(); next !== undefined; next = ready()) place(next);
  }
  // Only circles are left.
  for (const jobId of later) place(jobId);
  return placed;

  function ready(): string | undefined {
    return later.find((jobId) => !done.has(jobId) && !isToWait(jobId));
  }
}
