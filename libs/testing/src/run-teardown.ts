type Step = () => Promise<void>;

declare global {
  // Setup and teardown share the process but not their modules.
  var towerTestTeardown: Step[] | undefined;
}

/** Done after the last spec, the latest first. */
export function afterTheRun(step: Step): void {
  (globalThis.towerTestTeardown ??= []).unshift(step);
}

export async function tearDownRun(): Promise<void> {
  const steps = globalThis.towerTestTeardown ?? [];
  globalThis.towerTestTeardown = [];
  for (const step of steps) await step();
}
