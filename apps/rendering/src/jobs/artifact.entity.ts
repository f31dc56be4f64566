import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactInteger } from './exact-integer';

@Entity('artifact')
@Index('artifact_job', ['jobId'])
@Index('artifact_sha256', ['sha256'])
@Index('one_artifact_per_place', ['attemptId', 'role', 'idx'], { unique: true })
export class Artifact {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') jobId!: string;
  @Column('uuid') taskId!: string;
  @Column('uuid') attemptId!: string;
  @Column('text') role!: 'output';
  @Column('int') idx!: number;
  /** Below the library folder, forward slashes. */
  @Column('text', { unique: true }) path!: string;
  @Column('text') sha256!: string;
  @Column('bigint', { transformer: exactInteger }) bytes!: number;
  @Column('text') mediaType!: string;
  @Column('int') width!: number;
  @Column('int') height!: number;
  /** Of a film, counted by decoding; null for a picture. */
  @Column('int', { nullable: true }) frames!: number | null;
  @Column('double precision', { nullable: true }) fps!: number | null;
  @Column('double precision', { nullable: true }) durationSeconds!: number | null;
  /** A film has a track of sound; null for a picture, and for what was stored before anybody looked. */
  @Column('boolean', { nullable: true }) sound!: boolean | null;
  @Column('boolean') simulated!: boolean;
  @Column('timestamptz') createdAt!: Date;
}
