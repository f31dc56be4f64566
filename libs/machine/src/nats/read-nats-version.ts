import { runCommand } from '../processes/run-command';

/** `undefined` when the file cannot be run here or is no nats-server. */
export async function readNatsVersion(bin: string): Promise<string | undefined> {
  const { ok, output } = await runCommand([bin, '--version'], { timeoutMs: 10_000 });
  return ok ? /^nats-server: v(\d+\.\d+\.\S+)/m.exec(output)?.[1] : undefined;
}
