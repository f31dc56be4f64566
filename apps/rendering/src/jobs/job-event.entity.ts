import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('job_event')
export class JobEvent {
  @PrimaryColumn('uuid') jobId!: string;
  @PrimaryColumn('int') seq!: number;
  @Column('text') type!: string;
  @Column('timestamptz') at!: Date;
  @Column('jsonb') data!: Record<string, unknown>;
}
