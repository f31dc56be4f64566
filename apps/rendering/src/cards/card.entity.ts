import type { ServerInventory } from '@tower/comfyui';
import type { GpuConfig, GpuState, ModelFamily, StandstillView } from '@tower/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Missing } from '../workflows/compatibility/requirements';
import { healthy, type CardHealth } from './health/health-policy';

/** What a card's server said, and what was found out by asking it more. */
export interface GpuInventory extends ServerInventory {
  /**
   * What was stated of checkpoints, by their keys: by the operator, else by the files themselves. Absent where nothing
   * was.
   */
  families?: Record<string, ModelFamily>;
  /**
   * By workflow: inputs that this server's own classes do not take as the template gives them; looked at once per boot.
   */
  misfits?: Record<string, Missing[]>;
}

@Entity('gpu')
export class Gpu {
  @PrimaryColumn('text') name!: string;
  @Column('jsonb') config!: GpuConfig;
  /** Position in the configuration; earlier cards win ties. */
  @Column('int') position!: number;
  @Column('text') state!: GpuState;
  @Column('text') detail!: string;
  /** Without the memory that was free when it was written. */
  @Column('jsonb', { nullable: true }) inventory!: GpuInventory | null;
  /** Of the inventory as it is stored; null where none is, or where it was stored before digests were. */
  @Column('text', { nullable: true }) inventorySha256!: string | null;
  /** Megabytes (MiB) of video memory that were free at the last look. */
  @Column('double precision', { nullable: true }) vramFreeMb!: number | null;
  @Column('int') foreignPrompts!: number;
  /** Keys of the model files that it holds as far as is known: those of what it rendered last. */
  @Column('jsonb', { default: [] }) resident!: string[];
  @Column('timestamptz', { nullable: true }) lastSeenAt!: Date | null;
  /** False: no longer in the configuration; kept because attempts name it. */
  @Column('boolean') configured!: boolean;
  /** Faults that make it rest or wait for a restart. */
  @Column('jsonb', { default: healthy }) health!: CardHealth;
  /** What a person should know though the card works. */
  @Column('jsonb', { default: [] }) warnings!: string[];
  /** Who took it out of use; null while it is given work. Written by whoever is asked to, not by the leader. */
  @Column('jsonb', { nullable: true }) drained!: StandstillView | null;
}
