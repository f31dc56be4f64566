import type { QueueBody } from '@tower/comfyui';
import type { GpuState } from '@tower/contracts';
import type { GpuInventory } from './card.entity';

/** What the last look at the server showed. */
export interface CardSnapshot {
  state: GpuState;
  detail: string;
  inventory: GpuInventory | null;
  queue: QueueBody | null;
  foreignPrompts: number;
  /** Monotonic milliseconds of the last answer. */
  answeredAtMs: number | null;
  /** Nothing listened at its address when it was last asked; false when it merely did not answer in time. */
  refused: boolean;
  seenAt: Date | null;
  /** Why the card takes no work although it answers; null when it does. */
  trouble: string | null;
  /** What a person should know though the card works. */
  warnings: string[];
}

/** How it stands with the card by what is in its queue; a server itself says nothing of it. */
export type CardStanding = Pick<CardSnapshot, 'state' | 'detail'> & Partial<Pick<CardSnapshot, 'foreignPrompts'>>;

export const nothingSeen: CardSnapshot = {
  state: 'unknown',
  detail: 'not asked yet',
  inventory: null,
  queue: null,
  foreignPrompts: 0,
  answeredAtMs: null,
  refused: false,
  seenAt: null,
  trouble: null,
  warnings: [],
};
