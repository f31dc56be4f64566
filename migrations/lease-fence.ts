import type { QueryRunner } from 'typeorm';

/**
 * Makes name and fence of a lease a key: whoever holds `for key share` keeps the lease from changing hands, but not
 * from being renewed.
 */
export async function makeFenceAKey(runner: QueryRunner, schema: string): Promise<void> {
  await runner.query(`create unique index "lease_fence" on "${schema}"."lease" ("name", "fence")`);
}

export async function makeFenceNoKey(runner: QueryRunner, schema: string): Promise<void> {
  await runner.query(`drop index "${schema}"."lease_fence"`);
}
