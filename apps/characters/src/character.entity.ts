import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('character')
@Index('character_project', ['projectId', 'id'])
export class Character {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  projectId!: string;

  @Column('text')
  name!: string;

  @Column('text')
  basePrompt!: string;

  @Column('text', { array: true })
  negativeTokens!: string[];

  @Column('timestamptz')
  createdAt!: Date;

  @Column('timestamptz')
  updatedAt!: Date;

  @Column('timestamptz', { nullable: true })
  archivedAt!: Date | null;
}

/** Our own note that a project is closed, so that nobody joins it between its last event and our answer. */
@Entity('archived_project')
export class ArchivedProject {
  @PrimaryColumn('uuid')
  projectId!: string;

  @Column('timestamptz')
  archivedAt!: Date;
}
