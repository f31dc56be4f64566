import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One run of a card's restart command. */
@Entity('gpu_restart')
@Index('gpu_restart_gpu', ['gpu', 'at'])
@Index('gpu_restart_at', ['at'])
export class GpuRestart {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') gpu!: string;
  @Column('timestamptz') at!: Date;
  /** What was wrong with the card. */
  @Column('text') because!: string;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
  /** Null while it runs, and when it was ended for taking too long. */
  @Column('int', { nullable: true }) exitCode!: number | null;
  /** The last of what it wrote, without secrets. */
  @Column('text') output!: string;
}
