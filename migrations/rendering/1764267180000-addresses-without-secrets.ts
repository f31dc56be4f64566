import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Addresses of cards were stored as they were written, passwords and tokens included. Rows of cards that have left the
 * configuration would keep theirs for ever. No attempt has such an address: nothing could be sent there.
 */
export class AddressesWithoutSecrets1764267180000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update "rendering"."gpu" set "detail" = 'not asked yet', "config" = jsonb_set("config", '{url}', to_jsonb(
        rtrim(regexp_replace(regexp_replace("config"->>'url', '^([a-zA-Z]+://)[^/]*@', '\\1'), '[?#].*$', ''), '/')))
      where "config"->>'url' ~ '^[a-zA-Z]+://[^/]*@|[?#]'`);
  }

  /** What was taken out is gone, and the older code reads what is left. */
  async down(): Promise<void> {
    return Promise.resolve();
  }
}
