import type { HealthCheck } from '@tower/contracts';
import { describeError } from './errors';

type Probe = () => HealthCheck | Promise<HealthCheck>;

/** A probe that hangs must not hang the answer. */
const probeTimeoutMs = 2_000;

/** What this process needs to work, by name. Ready means every probe is ok and nobody asked it to stop. */
export class Health {
  private readonly probes = new Map<string, Probe>();
  private phase: 'starting' | 'running' | 'stopping' = 'starting';

  register(name: string, probe: Probe): void {
    this.probes.set(name, probe);
  }

  started(): void {
    this.phase = 'running';
  }

  stopping(): void {
    this.phase = 'stopping';
  }

  async report(): Promise<{
    state: 'starting' | 'ready' | 'degraded' | 'stopping';
    checks: Record<string, HealthCheck>;
  }> {
    const entries = await Promise.all(
      [...this.probes].map(async ([name, probe]) => [name, await bounded(probe)] as const),
    );
    const checks = Object.fromEntries(entries);
    const healthy = entries.every(([, check]) => check.ok);
    return { state: this.phase === 'running' ? (healthy ? 'ready' : 'degraded') : this.phase, checks };
  }
}

async function bounded(probe: Probe): Promise<HealthCheck> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<HealthCheck>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: `no answer within ${probeTimeoutMs} ms` }), probeTimeoutMs);
  });
  try {
    return await Promise.race([Promise.resolve().then(probe), late]);
  } catch (error) {
    return { ok: false, detail: describeError(error) };
  } finally {
    clearTimeout(timer);
  }
}
