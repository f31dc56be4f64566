import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('project')
export class Project {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text', { unique: true })
  slug!: string;

  @Column('text')
  description!: string;

  @Column('text')
  gatePolicy!: 'enforce' | 'advise';

  @Column('timestamptz')
  createdAt!: Date;

  @Column('timestamptz')
  updatedAt!: Date;

  @Column('timestamptz', { nullable: true })
  archivedAt!: Date | null;
}
