import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What was learnt of the time between a result's end on its card and the end of its task; see `settling-times.ts`. */
@Entity('settling_time')
export class SettlingTimeRow {
  @PrimaryColumn('text') workflow!: string;
  /** Whether quality looks at its results. */
  @PrimaryColumn('boolean') checked!: boolean;
  /** How many it was learnt from. */
  @Column('int') results!: number;
  /** Seconds, and by how many they differ from that, both on average. */
  @Column('double precision') seconds!: number;
  @Column('double precision') deviation!: number;
}
