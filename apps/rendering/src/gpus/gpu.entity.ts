import type { GpuConfig, GpuState } from '@tower/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a ComfyUI server said of itself and of what it can run. */
export interface GpuInventory {
  comfyuiVersion: string;
  pytorchVersion: string | null;
  device: string | null;
  deviceType: string | null;
  simulated: boolean;
  vramMb: number | null;
  vramFreeMb: number | null;
  checkpoints: string[];
  samplers: string[];
  schedulers: string[];
  /** Every node class the server knows. */
  nodes: string[];
}

@Entity('gpu')
export class Gpu {
  @PrimaryColumn('text') name!: string;
  @Column('jsonb') config!: GpuConfig;
  /** Position in the configuration; earlier cards win ties. */
  @Column('int') position!: number;
  @Column('text') state!: GpuState;
  @Column('text') detail!: string;
  @Column('jsonb', { nullable: true }) inventory!: GpuInventory | null;
  @Column('int') foreignPrompts!: number;
  @Column('timestamptz', { nullable: true }) lastSeenAt!: Date | null;
  /** False: no longer in the configuration; kept because attempts name it. */
  @Column('boolean') configured!: boolean;
}
