import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What was learnt of the memory that one kind of work needs; see `memory-need.ts` for the meaning of the numbers. */
@Entity('vram_need')
export class MemoryNeedRow {
  @PrimaryColumn('text') workflow!: string;
  @PrimaryColumn('text') modelName!: string;
  @PrimaryColumn('int') width!: number;
  @PrimaryColumn('int') height!: number;
  @PrimaryColumn('int') frames!: number;
  /** Changes of the graph, sorted, joined by commas; empty for none. */
  @PrimaryColumn('text') steps!: string;
  @Column('int', { nullable: true }) tooSmallMb!: number | null;
  @Column('int', { nullable: true }) estimateMb!: number | null;
  @Column('int', { nullable: true }) fitsMb!: number | null;
  @Column('timestamptz') at!: Date;
}
