import { runCommand } from '@tower/db';

/** 2.10 brought several filter subjects per consumer and the consumer limits that the streams rely on. */
export const oldestUsable = [2, 10] as const;

/** `undefined` when the file cannot be run here or is no nats-server. */
export async function readNatsVersion(bin: string): Promise<string | undefined> {
  const { ok, output } = await runCommand([bin, '--version'], { timeoutMs: 10_000 });
  return ok ? /^nats-server: v(\d+\.\d+\.\S+)/m.exec(output)?.[1] : undefined;
}

export function isUsable(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [oldestMajor, oldestMinor] = oldestUsable;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
