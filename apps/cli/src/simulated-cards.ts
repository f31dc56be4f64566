import type { GpuConfig } from '@tower/contracts';

/** The two cards a Tower without any pretends to have; `name` is also the simulator's name for its profile. */
export const simulatedCards = [
  { name: 'rtx3060', vendor: 'nvidia' },
  { name: 'rx9070xt', vendor: 'amd' },
] as const satisfies readonly Pick<GpuConfig, 'name' | 'vendor'>[];
