export { startComfySim, type ComfySimOptions, type RunningComfySim } from './comfy-sim';
export { type CardProfileId, cardProfiles } from './card/card-profile';
export { type ExecutionLogEntry, type Outcome } from './execution-log';
export { Faults, faultKinds, parseFault, type Fault, type FaultKind } from './faults';
export { type GenerationId, generationIds } from './generation';
export { readText } from './pictures/png';
