import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Changes, ChosenAlternative, Parts } from '../workflows/composition';

@Entity('generation_params')
@Index('generation_params_job', ['jobId'])
export class GenerationParams {
  @PrimaryColumn('uuid') attemptId!: string;
  @Column('uuid') jobId!: string;
  @Column('jsonb') graph!: Record<string, unknown>;
  @Column('text') graphSha256!: string;
  @Column('jsonb') parameters!: Record<string, unknown>;
  @Column('jsonb', { default: [] }) promptChoices!: ChosenAlternative[];
  @Column('text') workflow!: string;
  @Column('int') workflowVersion!: number;
  @Column('text', { nullable: true }) comfyuiVersion!: string | null;
  @Column('text', { nullable: true }) device!: string | null;
  @Column('text', { nullable: true }) pytorchVersion!: string | null;
  @Column('jsonb', { default: { steps: [] } }) plan!: Changes;
  @Column('jsonb', { default: { loras: [], references: [], controlnets: [] } }) parts!: Parts;
  @Column('timestamptz') recordedAt!: Date;
}
