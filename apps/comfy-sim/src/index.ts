export { startComfySim, type ComfySimOptions, type RunningComfySim } from './comfy-sim';
export { type CardProfileId, cardProfiles } from './card/card-profile';
export { type ExecutionLogEntry, type Outcome } from './execution-log';
export {
  Faults,
  faultKinds,
  parseFault,
  parseFaultOrRandom,
  type Fault,
  type FaultKind,
  type RandomFaults,
} from './faults/faults';
export { type GenerationId, generationIds } from './generation';
export { readText } from './pictures/png';
