import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Memory of a card that another program claims for a time. It holds while `endedAt` is null and `until` is to come. */
@Entity('gpu_claim')
@Index('gpu_claim_open', { synchronize: false })
export class GpuClaim {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') gpu!: string;
  /** Megabytes (MiB). */
  @Column('int') megabytes!: number;
  @Column('text') who!: string;
  /** These three by the clock of the database. */
  @Column('timestamptz') since!: Date;
  @Column('timestamptz') until!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
  /** When models were unloaded for it, or that was tried in vain; until then the card is given nothing new. */
  @Column('timestamptz', { nullable: true }) settledAt!: Date | null;
  /** Whether the server of the card took the request to unload its models. */
  @Column('boolean', { default: false }) freed!: boolean;
}
