import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Films are judged by their number of frames, by whether they move, and loops by whether they close. */
export class FilmThresholds1764000000200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      insert into "quality"."threshold" ("version", "metric", "comparison", "value", "decides", "basis")
        select (select max("version") + 1 from "quality"."threshold"), "metric", "comparison", "value", "decides" or
        "metric" = 'loop_seam', "basis"
        from "quality"."threshold" where "version" = (select max("version") from "quality"."threshold");
      insert into "quality"."threshold" ("version", "metric", "comparison", "value", "decides", "basis")
        select max("version"), 'frame_count', 'at_least', 1, true,
        'exact: as many frames as asked for, counted by decoding' from "quality"."threshold";
      insert into "quality"."threshold" ("version", "metric", "comparison", "value", "decides", "basis")
        select max("version"), 'not_static', 'at_least', 0.5, true,
        'largest mean difference of neighbouring frames at 256 px, of 255; measured limit of held drawings' from
        "quality"."threshold";
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `delete from "quality"."threshold" where "version" = (select "version" from "quality"."threshold" where ` +
        `"metric" = 'frame_count' order by "version" limit 1)`,
    );
  }
}
