import type { UploadMediaType } from '@tower/contracts';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactInteger } from './exact-integer';

/** A file that somebody sent. Its id follows from its bytes. */
@Entity('upload')
@Index('upload_unused', { synchronize: false })
export class Upload {
  @PrimaryColumn('uuid') id!: string;
  /** Below the library folder, forward slashes. */
  @Column('text', { unique: true }) path!: string;
  @Column('text') sha256!: string;
  @Column('bigint', { transformer: exactInteger }) bytes!: number;
  @Column('text') mediaType!: UploadMediaType;
  @Column('int') width!: number;
  @Column('int') height!: number;
  /** Of what moves, counted by decoding; null for a still, as the next three. */
  @Column('int', { nullable: true }) frames!: number | null;
  @Column('double precision', { nullable: true }) fps!: number | null;
  @Column('double precision', { nullable: true }) durationSeconds!: number | null;
  @Column('boolean', { nullable: true }) sound!: boolean | null;
  @Column('timestamptz') createdAt!: Date;
  /** When it was sent last. */
  @Column('timestamptz') sentAt!: Date;
  /** When a job first named it; null while none has. */
  @Column('timestamptz', { nullable: true }) usedAt!: Date | null;
}
